/** Rules for an account: the firm, its program, the size, the version; then the account is watched. */
import { patch, put } from "../api.js";
import { make, one } from "../dom.js";
import { money } from "../fmt.js";
import { policyOf } from "../funded.js";
import { setAttr, setText } from "../live.js";
import { sent } from "../whatif.js";

/** The choices from the widest to the narrowest, each with the field of a rule set that it picks. */
const CHOICES = { firm: "firm", program: "program", size: "account_size", version: "version" };
const MODES = {
  eod: "the floor follows each day's last balance",
  intraday: "the floor follows the equity as it moves",
  static: "the floor never moves",
};

/** Mount the page; `data` is {account, rule_sets}. */
export function mount(root, data) {
  const form = one("#accept", root);
  const fields = Object.entries(CHOICES);
  const narrow = (from) => {
    let left = data.rule_sets;
    for (const [place, [name, field]] of fields.entries()) {
      if (place >= from) offer(form.elements[name], left.map((each) => each[field]));
      left = left.filter((each) => each[field] === form.elements[name].value);
    }
    const [chosen] = left;
    for (const place of ["#policy", "#demands-card"]) one(place, root).hidden = !chosen;
    one("button", form).disabled = !chosen;
    if (chosen) show(root, chosen);
    return chosen;
  };
  for (const [place, [name]] of fields.entries())
    form.elements[name].addEventListener("change", () => narrow(place + 1));
  narrow(0);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { id, version } = narrow(fields.length);
    const path = `/api/accounts/${data.account.id}`;
    const done = await sent(form, async () => {
      await put(`${path}/rules`, { id, version, ...reachedOf(form) });
      return patch(`${path}/preferences`, chosenOf(form));
    });
    if (done) window.location.reload();
  });
}

const ORDERS = {
  firm: (left, right) => left.localeCompare(right),
  size: (left, right) => Number(left) - Number(right),
  version: (left, right) => right.localeCompare(left),
};

/** Offer each value once; nobody's firm is guessed, and the newest version is chosen first. */
function offer(select, values) {
  const { name } = select;
  const shown = [...new Set(values)];
  if (ORDERS[name]) shown.sort(ORDERS[name]);
  const write = name === "size" ? (value) => money(value).replace(/\.00$/, "") : String;
  const options = shown.map((value) => make("option", { value, textContent: write(value) }));
  const none = make("option", { value: "", textContent: "Choose the firm" });
  select.replaceChildren(...(name === "firm" ? [none, ...options] : options));
  select.disabled = !shown.length;
}

/** What the account has already, as far as it was filled in. */
function reachedOf(form) {
  const typed = ["balance", "high_water"].map((name) => [name, form.elements[name].value.trim()]);
  return Object.fromEntries(typed.filter(([, value]) => value));
}

function chosenOf(form) {
  const { near, near_percent, size_down, own_device } = form.elements;
  return {
    near: near.value,
    near_percent: near_percent.value.trim(),
    size_down: size_down.checked,
    own_device: own_device.checked,
  };
}

function show(root, rules) {
  const place = one("#policy", root);
  const [word, tone] = policyOf(rules.automation.policy);
  setAttr(place, "data-tone", tone);
  setText(one("[data-policy]", place), `${rules.firm}: ${word.charAt(0).toLowerCase()}${word.slice(1)}.`);
  setText(one("[data-note]", place), rules.automation.note);
  const checked = rules.checked_on ? `Rules checked on ${rules.checked_on}` : "It is not known when these rules were checked";
  setText(one("[data-checked]", place), `${checked}, confidence ${rules.confidence}`);
  one("#demands", root).replaceChildren(...demandsOf(rules).map(row));
}

const row = ([label, text]) =>
  make("div", {}, make("dt", { textContent: label }), make("dd", { textContent: text }));

/** What the rules demand, in words; what they leave open is left out. */
function demandsOf(rules) {
  const { drawdown, daily_loss: daily, consistency, scaling } = rules;
  const kind = { soft: "pauses until the next session", hard: "fails the account" };
  const lock = drawdown.lock_at === null ? "" : `, up to ${money(drawdown.lock_at)}`;
  return [
    ["Starts with", money(rules.start_balance)],
    ["Maximum loss", `${money(drawdown.amount)}, ${MODES[drawdown.mode]}${lock}`],
    daily && ["Daily loss", `${money(daily.amount)}, ${kind[daily.kind]}`],
    rules.profit_target && ["Profit target", money(rules.profit_target)],
    consistency && ["Consistency", `best day ${consistency.compare === "<" ? "below" : "at most"} ${consistency.percent}% of the profit`],
    rules.min_trading_days && ["Trading days", String(rules.min_trading_days)],
    rules.winning_days_required && ["Winning days for a payout", String(rules.winning_days_required)],
    rules.max_contracts !== null && ["Contracts", `at most ${rules.max_contracts}${scaling.length ? ", by a scaling plan" : ""}`],
    rules.flat_time && ["Flat from", `${rules.flat_time}, ${rules.zone}`],
  ].filter(Boolean);
}
