/**
 * Log pane: a ring buffer, one fragment a frame, newest first; it stays where the reader scrolled
 * to.
 *
 * An entry is the payload of the socket event log_entry: {fact, level (info, success, warning,
 * error), type, message, code, alert_id, order_id,
 * strategy_id, ts}.  Entries are known by `fact`, so that a catch-up never shows one twice.
 */
import { dirty, onPaint } from "./live.js";
import { clock, stamp } from "./fmt.js";
import { all, make, one, press, save } from "./dom.js";

const SHOWN = 400;
const KEPT = 5000;
const QUEUE = 1000;

/**
 * A fact's name begins with what it is about; what is not named here is the server's own business.
 */
const KINDS = {
  Alert: "alert",
  Source: "alert",
  Order: "trade",
  Position: "trade",
  Trading: "trading",
  Strategy: "setting",
  Account: "setting",
  Key: "setting",
};
const LABELS = {
  alert: "Alert",
  trade: "Trade",
  trading: "Trading",
  setting: "Setting",
  server: "Server",
};
const OWN_LABELS = {
  AlertRefused: "Refused",
  OrderDenied: "Denied",
  OrderRejected: "Rejected",
  OrderFilled: "Filled",
};

/** What an entry is about: alert, trade, trading (halted or resumed), setting or server. */
function kindOf(entry) {
  return KINDS[/^[A-Z][a-z]*/.exec(entry.type)?.[0]] ?? "server";
}

function labelOf(entry) {
  return OWN_LABELS[entry.type] ?? (entry.level === "error" ? "Error" : LABELS[kindOf(entry)]);
}

function quoted(text) {
  return `"${String(text ?? "").replaceAll('"', '""')}"`;
}

/** A list that shows the newest entries, filtered, and keeps the rest for a search or a file. */
export class LogPane {
  /** Fill `list` (a ul); `announce` is a live region that errors are read from. */
  constructor(list, { announce } = {}) {
    Object.assign(this, { list, announce });
    this.entries = [];
    this.queue = [];
    this.seen = new Set();
    this.live = null;
    this.filter = { kind: "", text: "" };
    this.paused = false;
    this.follow = true;
    list.addEventListener("scroll", () => (this.follow = list.scrollTop < 8), { passive: true });
    onPaint(() => this.#paint());
  }

  /** Number of the newest entry that arrived, to ask the server for what came after it. */
  get lastFact() {
    return (this.live ?? this.entries).reduce(
      (highest, entry) => Math.max(highest, entry.fact ?? 0),
      0,
    );
  }

  /** How many entries wait while the pane is paused. */
  get waiting() {
    return this.paused ? this.queue.length : 0;
  }

  /** Take one entry; one that was seen before is left out. */
  add(entry) {
    if (this.live) this.live.push(entry);
    else this.#take(entry);
  }

  #take(entry) {
    if (entry.fact && this.seen.has(entry.fact)) return;
    if (entry.fact) this.seen.add(entry.fact);
    this.entries.push(entry);
    this.queue.push(entry);
    if (this.entries.length > KEPT) this.#forget();
    if (this.queue.length > QUEUE) this.queue.splice(0, this.queue.length - SHOWN);
    dirty();
  }

  /** Show only one kind ("" for all, or alert, trade, warning) and only entries with `text`. */
  show({ kind = this.filter.kind, text = this.filter.text }) {
    this.filter = { kind, text: text.trim().toLowerCase() };
    this.#redraw();
  }

  /** Stop or resume the flow; entries that arrive meanwhile are kept. */
  pause(on) {
    this.paused = on;
    dirty();
  }

  /** Show these entries in place of the live ones, which are kept aside. */
  pin(entries) {
    this.live ??= this.entries;
    this.#fill(entries);
  }

  /** Go back to the live entries. */
  unpin() {
    if (!this.live) return;
    const { live } = this;
    this.live = null;
    this.#fill(live);
  }

  #fill(entries) {
    this.entries = [];
    this.queue = [];
    this.seen.clear();
    this.list.replaceChildren();
    for (const entry of entries) this.#take(entry);
  }

  /** What the filter shows, as CSV with times in UTC. */
  csv() {
    const rows = this.entries.filter((entry) => this.#matches(entry));
    const lines = rows.map((entry) =>
      [entry.ts, entry.level, entry.type, entry.code, quoted(entry.message)]
        .map((cell) => cell ?? "")
        .join(","),
    );
    return ["time,level,type,code,message", ...lines].join("\r\n");
  }

  #forget() {
    for (const entry of this.entries.splice(0, KEPT / 5)) this.seen.delete(entry.fact);
  }

  #matches(entry) {
    const { kind, text } = this.filter;
    const worrying = entry.level === "warning" || entry.level === "error";
    const fits = !kind || (kind === "warning" ? worrying : kind === kindOf(entry));
    return (
      fits &&
      (!text ||
        `${labelOf(entry)} ${entry.message} ${entry.code ?? ""}`.toLowerCase().includes(text))
    );
  }

  #redraw() {
    this.list.replaceChildren();
    this.queue = this.entries.slice(-SHOWN * 4);
    const { paused } = this;
    this.paused = false;
    this.#paint(true);
    this.paused = paused;
  }

  #paint(silent = false) {
    if (!this.queue.length || this.paused) return;
    const batch = this.queue
      .splice(0)
      .filter((entry) => this.#matches(entry))
      .slice(-SHOWN);
    const fragment = document.createDocumentFragment();
    for (const entry of batch.reverse()) fragment.append(this.#line(entry));
    const { scrollTop, scrollHeight } = this.list;
    this.list.prepend(fragment);
    while (this.list.childElementCount > SHOWN) this.list.lastElementChild.remove();
    if (!this.follow) this.list.scrollTop = scrollTop + this.list.scrollHeight - scrollHeight;
    const worst = batch.find((entry) => entry.level === "error");
    if (worst && this.announce && !silent) this.announce.textContent = worst.message;
  }

  #line(entry) {
    const time = make("time", {
      dateTime: entry.ts,
      title: `${stamp(entry.ts)}, ${entry.ts}`,
      textContent: clock(entry.ts),
    });
    const label = make("span", { className: "kind", textContent: labelOf(entry) });
    const message = make("span");
    if (entry.alert_id)
      message.append(make("a", { href: `/alerts/${entry.alert_id}`, textContent: entry.message }));
    else message.textContent = entry.message;
    const line = make("li", {}, time, label, message);
    if (entry.help && (entry.level === "warning" || entry.level === "error"))
      line.append(make("a", { href: entry.help, textContent: "Why", title: entry.code }));
    line.dataset.kind = kindOf(entry);
    line.dataset.level = entry.level;
    return line;
  }
}

/**
 * Make a log card work: its filter buttons, search, pause and CSV, found by data attributes inside
 * `card`.
 */
export function mountLog(card, entries) {
  const pane = new LogPane(one("[data-log]", card), { announce: one("#say") });
  const filters = all("[data-filter]", card);
  for (const button of filters) {
    button.addEventListener("click", () => {
      press(filters, button);
      pane.show({ kind: button.dataset.filter });
    });
  }
  one("[data-search]", card)?.addEventListener("input", (event) =>
    pane.show({ text: event.target.value }),
  );
  one("[data-csv]", card)?.addEventListener("click", () =>
    save("signalbox-log.csv", "text/csv", pane.csv()),
  );
  mountPause(one("[data-pause]", card), pane);
  for (const entry of entries) pane.add(entry);
  return pane;
}

function mountPause(button, pane) {
  if (!button) return;
  const label = one("span", button);
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    pane.pause(on);
  });
  onPaint(() => {
    const text = pane.paused ? (pane.waiting ? `Paused, ${pane.waiting} new` : "Paused") : "Pause";
    if (label.textContent !== text) label.textContent = text;
  });
}
