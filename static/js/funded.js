/**
 * A funded account as it stands: the words of its state, its figures, its limits.  A page puts
 * [data-f=name], [data-row=name] and [data-limits] where it wants them; a Face fills them in.
 */
import { all, make, one } from "./dom.js";
import { clock, duration, money, number, plural, pnl, quantity, sgn, stamp, zoneName } from "./fmt.js";
import { setAttr, setPnl, setText } from "./live.js";
import { upper } from "./words.js";

const UNKNOWN = "unknown";
const MINUTE_MS = 60_000;
const SECOND_MS = 1000;
const DAY_MINUTES = 24 * 60;
/** An age is told in minutes from here on. */
const LONG_S = 120;

const STATUSES = {
  pending: ["Pending", "busy"],
  unknown: ["Unknown", "warn"],
  stale: ["Stale", "warn"],
  ok: ["Within its limits", "ok"],
  near: ["Near a limit", "warn"],
  paused: ["Paused", "warn"],
  failed: ["Failed", "bad"],
  passed: ["Passed", "ok"],
};

const POLICIES = {
  forbidden: ["No automation", "bad"],
  own_device: ["Only from your own device", "warn"],
  anywhere: ["Automation allowed", "ok"],
  unknown: ["Automation: not known", "none"],
};

const VENUES = { ninjatrader: "NinjaTrader" };

/** A venue's name as people write it. */
export const venueOf = (venue) => VENUES[venue] ?? upper(venue);

/** Word and tone of a status. */
export const statusOf = (status) => STATUSES[status] ?? [status, "none"];

/** Word and tone of a firm's policy on automation. */
export const policyOf = (policy) => POLICIES[policy] ?? [policy, "none"];

/** What a limit is called that is not measured in money. */
const amountOf = (name, value) => (name === "max_contracts" ? quantity(value) : money(value));

/** An amount, or the word for one that is not known. */
export const known = (value, write = money) => (number(value) === null ? UNKNOWN : write(value));

/** How long ago something was, from seconds. */
function ago(seconds) {
  if (seconds === null) return "never";
  if (seconds < LONG_S) return `${Math.round(seconds)} s ago`;
  return `${duration(Math.round(seconds / 60))} ago`;
}

/** How long until an instant: "in 2 h 17 m". */
function until(at) {
  const minutes = Math.ceil((Date.parse(at) - Date.now()) / MINUTE_MS);
  if (minutes <= 0) return "now";
  const days = Math.floor(minutes / DAY_MINUTES);
  return days ? `in ${days} d ${Math.floor((minutes % DAY_MINUTES) / 60)} h` : `in ${duration(minutes)}`;
}

const at = (when) => `${stamp(when)} ${zoneName()}`;

/** What is left of a limit, in words. */
function leftOf({ name, limit, left, at: when, broken }) {
  if (name === "flat_time") return broken ? "not flat in time" : `${until(when)}, at ${clock(when).slice(0, 5)}`;
  const whole = amountOf(name, limit);
  if (number(left) === null) return `${UNKNOWN}, of ${whole}`;
  const size = amountOf(name, String(left).replace("-", ""));
  if (name === "profit_target") return number(left) <= 0 ? `met: ${whole}` : `${size} to go of ${whole}`;
  return number(left) < 0 ? `${size} beyond ${whole}` : `${size} left of ${whole}`;
}

/** How much of the gauge is filled, in percent: what is left, of a target what is reached. */
function fillOf({ name, left_percent: percent }) {
  const value = number(percent);
  if (value === null) return 0;
  return Math.min(100, Math.max(0, name === "profit_target" ? 100 - value : value));
}

function toneOf({ name, near, broken, left }) {
  if (broken) return "bad";
  if (near) return "warn";
  if (name === "profit_target") return number(left) <= 0 ? "ok" : "aim";
  return number(left) === null && name !== "flat_time" ? "none" : "ok";
}

/** The limits of an account, each with what is left and a gauge. */
class Limits {
  constructor(list) {
    Object.assign(this, { list, rows: new Map(), names: "" });
  }

  show({ limits }) {
    const names = limits.map(({ name }) => name).join(" ");
    if (names !== this.names) this.#build(limits);
    this.names = names;
    for (const limit of limits) this.#fill(this.rows.get(limit.name), limit);
  }

  #build(limits) {
    this.rows = new Map(limits.map(({ name, label }) => [name, rowOf(name, label)]));
    this.list.replaceChildren(...[...this.rows.values()].map(({ row }) => row));
  }

  #fill({ row, value, level }, limit) {
    setText(value, leftOf(limit));
    setAttr(row, "data-tone", toneOf(limit));
    if (level) level.style.width = `${fillOf(limit)}%`;
  }
}

function rowOf(name, label) {
  const value = make("b", {});
  const line = make("div", { className: "line" }, make("span", { textContent: label }), value);
  const row = make("li", {}, line);
  row.dataset.limit = name;
  if (name === "flat_time") return { row, value };
  const level = make("i", {});
  row.append(make("div", { className: "gauge", "aria-hidden": "true" }, level));
  return { row, value, level };
}

const gain = (name) => (node, state) =>
  setPnl(node, known(state[name], pnl), sgn(state[name]));
const amount = (name) => (node, state) => setText(node, known(state[name]));
const said = (write) => (node, state) => setText(node, write(state));

function chip(node, [word, tone]) {
  setText(node, word);
  setAttr(node, "data-tone", tone);
}

function days({ traded, needed, left }) {
  if (!needed) return plural(traded, "day");
  return `Day ${traded} of ${needed}${left ? "" : ", enough"}`;
}

function consistency({ consistency: rule }) {
  if (!rule) return "";
  if (rule.best_day_percent === null) return `No profit yet, a day may make ${rule.percent}% of it`;
  const best = `Best day ${rule.best_day_percent}% of ${rule.percent}% allowed`;
  return rule.ok ? best : `${best}, too much`;
}

function payout({ payout: rule }) {
  if (rule.ready) return "Ready";
  return rule.missing.length ? `Not yet: ${rule.missing.join(", ")}` : "Not yet";
}

function contracts({ contracts: held, max_contracts: most }) {
  if (held === null) return UNKNOWN;
  return most === null ? `${quantity(held)} held` : `${quantity(held)} of ${most}`;
}

/** How each thing that a page may show is written. */
const WRITERS = {
  status: (node, state) => chip(node, statusOf(state.status)),
  policy: (node, state) => chip(node, policyOf(state.rules?.automation.policy)),
  words: said(({ words }) => words),
  equity: amount("equity"),
  balance: amount("balance"),
  floor: amount("floor"),
  high_water: amount("high_water"),
  day_start: amount("day_start_balance"),
  day_pnl: gain("day_pnl"),
  unrealized: gain("unrealized"),
  profit: gain("profit"),
  locked: said(({ locked }) => (locked ? "locked: it moves no more" : "follows the account")),
  contracts: said(contracts),
  days: said((state) => days(state.days)),
  winning: said(({ days: { winning, winning_needed: needed } }) => `${winning} of ${needed}`),
  consistency: said(consistency),
  payout: said(payout),
  trading_day: said(({ trading_day: day }) => day ?? "not begun"),
  reset: said(({ next_reset_at: when }) => (when ? `${until(when)}, ${at(when)}` : UNKNOWN)),
};

/** Rows that say nothing where the rules demand nothing. */
const DEMANDED = {
  winning: ({ days: { winning_needed: needed } }) => Boolean(needed),
  consistency: ({ consistency: rule }) => rule !== null,
};

/** Where one account is shown. */
export class Face {
  /** Fill the places inside `root`; `state` is that of GET /api/accounts/<id>/state. */
  constructor(root, state) {
    this.root = root;
    this.nodes = all("[data-f]", root).filter((node) => WRITERS[node.dataset.f]);
    this.ages = all("[data-f=age]", root);
    this.rows = all("[data-row]", root);
    const list = one("[data-limits]", root);
    this.limits = list && new Limits(list);
    this.update(state);
  }

  /** Take the news of the account. */
  update(state) {
    Object.assign(this, { state, heardAt: performance.now() });
    setAttr(this.root, "data-status", state.status);
    this.#write(state);
    this.age();
  }

  /** Say how old the last news are, as time goes on. */
  age() {
    const { age_s: then } = this.state;
    const passed = (performance.now() - this.heardAt) / SECOND_MS;
    for (const node of this.ages) setText(node, ago(then === null ? null : then + passed));
  }

  #write(state) {
    for (const node of this.nodes) WRITERS[node.dataset.f](node, state);
    for (const row of this.rows) row.hidden = !DEMANDED[row.dataset.row](state);
    this.limits?.show(state);
  }
}
