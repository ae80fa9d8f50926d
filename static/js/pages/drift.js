/**
 * Reconciliation: what each broker says beside what our books say.  The server decides everything;
 * this page shows it, asks before anything is done, and follows what happens.
 */
import { ApiError, get, post } from "../api.js";
import { confirm } from "../dialogs.js";
import { all, make, one } from "../dom.js";
import { plural, quantity, stamp } from "../fmt.js";
import { attempt, toast } from "../toast.js";
import { wordOf } from "../words.js";

const RENEWS_ON = new Set(["DriftFound", "DriftResolved", "ExternalTrade", "VenueSilent", "VenueAnswers"]);
const PAUSE_MS = 500;
const AFTER_CHECK_MS = 1500;
const EVERY_MS = 15000;
const TICK_MS = 1000;
const WAYS = { vanished: "the numbers agree again", imported: "explained by imported trades" };
const DEEDS = { accepted: "the broker's number was accepted", flattened: "the difference was flattened" };

const signed = (value) => (Number(value) > 0 ? `+${quantity(value)}` : quantity(value));
const theirs = (drift) => (drift.theirs === null ? "Not listed" : quantity(drift.theirs));

/** "12 s", "3 min", "2 h" between an instant and now; nothing below zero. */
function span(at, now) {
  const seconds = Math.max(0, Math.round((now - new Date(at).getTime()) / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

/** State of an account as [tone, word]. */
function verdict(account) {
  const open = account.drifts.filter((each) => each.state === "open").length;
  const suspected = account.drifts.some((each) => each.state === "suspected");
  if (open) return ["bad", plural(open, "difference")];
  if (account.problem) return ["bad", "Broker does not answer"];
  if (suspected) return ["warn", "Looking again"];
  if (!account.answered_at) return ["none", "Not compared yet"];
  return ["ok", "Books agree"];
}

function checked(account, now) {
  if (account.problem) {
    const last = account.answered_at ? `Last compared ${span(account.answered_at, now)} ago.` : "";
    return `${account.problem} ${last}`.trim();
  }
  if (!account.answered_at) return "The first comparison is on its way.";
  const link = account.connected === false ? ", stream disconnected" : "";
  return `Checked ${span(account.answered_at, now)} ago${link}`;
}

function chip(tone, word) {
  const node = make("span", { className: "chip", textContent: word });
  node.dataset.tone = tone;
  return node;
}

const cell = (label, value, name = "") =>
  make(
    "div",
    { className: name },
    make("dt", { textContent: label }),
    make("dd", { textContent: value }),
  );

function numbersOf(drift) {
  const ours = drift.order_id ? "Our order, left" : "Our books";
  const gap = drift.theirs === null && !drift.order_id ? "Unknown" : signed(drift.gap);
  return make(
    "dl",
    { className: "drift-numbers" },
    cell(ours, quantity(drift.ours)),
    cell("Broker", theirs(drift)),
    cell("Difference", gap, "gap"),
  );
}

/** The question before the broker's number is accepted. */
function askAccept(account, drift) {
  if (drift.order_id)
    return confirm({
      title: "Take the order out of our books?",
      sentence: "It ends here as cancelled. Look at the broker first: if it works there after all, it may still fill. Nothing is sent.",
      go: "It is gone",
    });
  const said = drift.theirs ?? "0";
  const gone = drift.theirs === null;
  return confirm({
    title: gone ? "Is the position gone?" : "Accept the broker's number?",
    sentence: `${gone ? "Only go on when you saw at the broker that it is flat. " : ""}The manual book of ${account.account_name} gets ${signed(drift.gap)} ${drift.symbol}. No strategy's position changes, and nothing is sent to the broker.`,
    facts: [
      ["Our books now", quantity(drift.ours)],
      ["Our books afterwards", quantity(said)],
    ],
    go: `Accept ${quantity(said)}`,
    danger: gone,
  });
}

/** The question before the difference is closed at the broker. */
function askFlatten(account, drift) {
  const side = Number(drift.gap) > 0 ? "Sell" : "Buy";
  const amount = String(drift.gap).replace("-", "");
  return confirm({
    title: "Flatten the difference?",
    sentence: `${side} ${amount} ${drift.symbol} at the market on ${account.account_name}, from its manual book. No strategy's position changes.`,
    facts: [
      ["Broker now", theirs(drift)],
      ["Broker afterwards", quantity(drift.ours)],
    ],
    go: `${side} ${amount} ${drift.symbol}`,
    danger: true,
  });
}

/** Ask for a price that nobody knows; null when the reader does not go on. */
function askPrice() {
  const dialog = one("#drift-price");
  const field = one("input", dialog);
  field.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const done = () => resolve(dialog.returnValue === "yes" ? field.value.trim() : null);
    dialog.addEventListener("close", done, { once: true });
  });
}

/** Send the decision; when no price is known, ask for one and send it again. */
async function send(what, drift) {
  const body = { ours: drift.ours, theirs: drift.theirs };
  const path = `/api/drift/${drift.id}/${what}`;
  try {
    return await post(path, body);
  } catch (error) {
    if (!(error instanceof ApiError) || !error.fields.price) throw error;
    const price = await askPrice();
    return price ? post(path, { ...body, price }) : null;
  }
}

function buttons(account, drift, renew) {
  const act = (label, what, ask) => {
    const button = make("button", { type: "button", className: "btn", textContent: label });
    button.dataset.needsLive = "";
    button.addEventListener("click", async () => {
      if (!(await ask(account, drift))) return;
      button.disabled = true;
      const done = await attempt(() => send(what, drift));
      if (done) toast(done.message);
      await renew();
      button.disabled = false;
    });
    return button;
  };
  const accept = drift.order_id ? "It is not at the broker" : "Accept the broker's number";
  const acts = [act(accept, "accept", askAccept)];
  if (!drift.order_id && drift.theirs !== null)
    acts.push(act("Flatten the difference", "flatten", askFlatten));
  return make("div", { className: "acts" }, ...acts);
}

function item(account, drift, renew) {
  const since = make("span", { className: "sub", textContent: `since ${stamp(drift.found_at)}` });
  const node = make(
    "article",
    { className: "drift-item" },
    make("h3", {}, drift.symbol, since),
    numbersOf(drift),
    make("p", { textContent: drift.detail }),
  );
  node.dataset.state = drift.state;
  node.dataset.drift = drift.id;
  if (drift.state === "open") node.append(buttons(account, drift, renew));
  else
    node.append(
      make("p", {
        className: "sub",
        textContent: "Seen once. It is looked at again in a few seconds before anything is blocked.",
      }),
    );
  return node;
}

/** What was resolved, newest first. */
function past(drifts) {
  const line = (drift) => {
    const by = drift.resolved_by ? `, by ${drift.resolved_by}` : "";
    const how = DEEDS[drift.resolution] ?? WAYS[drift.resolution] ?? wordOf(drift.resolution);
    return make(
      "li",
      {},
      make("span", { textContent: `${drift.symbol}: ${how}${by}` }),
      make("time", {
        className: "sub",
        dateTime: drift.resolved_at,
        textContent: stamp(drift.resolved_at),
      }),
    );
  };
  return make(
    "details",
    { className: "drift-past" },
    make("summary", { textContent: `Earlier: ${plural(drifts.length, "difference")} resolved` }),
    make("ul", { className: "rows" }, ...drifts.map(line)),
  );
}

function card(account, renew) {
  const title = `account-${account.account_id}`;
  const node = make(
    "section",
    { className: "card drift-card", "aria-labelledby": title },
    make(
      "header",
      {},
      make("h2", { id: title, className: "name", textContent: account.account_name }),
      make("span", { className: "tag", textContent: account.venue }),
      make("span", { className: "sub", "data-checked": "" }),
      make("span", { className: "end" }, chip(...verdict(account))),
    ),
  );
  const waiting = account.drifts.filter((each) => each.state !== "resolved");
  const resolved = account.drifts.filter((each) => each.state === "resolved");
  node.append(...waiting.map((drift) => item(account, drift, renew)));
  if (resolved.length) node.append(past(resolved));
  return node;
}

/** What is shown before there is an account to compare. */
function nobody() {
  const words = make("p", {}, make("strong", { textContent: "No accounts yet" }));
  words.append("Open one, and its books are compared with its broker from then on.");
  const link = make("a", { className: "btn primary", href: "/accounts", textContent: "Accounts" });
  const empty = make("div", { className: "empty" }, words, link);
  return make("section", { className: "card", "aria-label": "Accounts" }, empty);
}

/** One line above all accounts. */
function summary({ open, accounts }) {
  if (!accounts.length) return "No accounts yet";
  if (open) return `${plural(open, "difference")} to decide about`;
  const silent = accounts.some((each) => each.problem);
  return silent ? "Not every broker answers" : "Our books agree with your brokers";
}

/** Mount the page with the answer of GET /api/drift. */
export function mount(root, data, { feed }) {
  const list = one("#drift-accounts", root);
  let state = data;
  let waiting = false;
  const tick = () => {
    const lines = all("[data-checked]", list);
    for (const [i, line] of lines.entries())
      line.textContent = checked(state.accounts[i], Date.now());
  };
  const show = (next) => {
    const opened = new Set(all("details[open]", list).map((each) => each.closest("section").getAttribute("aria-labelledby")));
    const held = document.activeElement?.closest?.("#drift-accounts [data-drift]")?.dataset.drift;
    state = next;
    one("[data-summary]", root).textContent = summary(state);
    const cards = state.accounts.map((account) => card(account, renew));
    list.replaceChildren(...(cards.length ? cards : [nobody()]));
    for (const each of all("details", list))
      each.open = opened.has(each.closest("section").getAttribute("aria-labelledby"));
    if (held) one(`[data-drift="${held}"] button`, list)?.focus();
    tick();
  };
  const renew = async () => {
    waiting = false;
    const reply = await attempt(() => get("/api/drift"));
    if (reply) show(reply);
  };
  const soon = (after) => {
    if (waiting) return;
    waiting = true;
    setTimeout(renew, after);
  };
  show(data);
  one("#check-now", root).addEventListener("click", async () => {
    const answer = await attempt(() => post("/api/drift/check"));
    if (!answer) return;
    toast(answer.message);
    soon(AFTER_CHECK_MS);
  });
  feed.on("log_entry", ["log"], (entry) => RENEWS_ON.has(entry.type) && soon(PAUSE_MS));
  feed.onCatchUp(renew);
  setInterval(tick, TICK_MS);
  setInterval(() => document.hidden || soon(0), EVERY_MS);
}
