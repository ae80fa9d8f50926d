/**
 * The calendar: the server renders it; this keeps its cells and totals live, and makes the month a
 * grid that is walked with the arrow keys.
 */
import { sum } from "./decimal.js";
import { all, one } from "./dom.js";
import { money, number, plural, pnl, pnlShort, sgn } from "./fmt.js";
import { dirty, onPaint, setAttr, setPnl, setText } from "./live.js";

const STEPS = 4;
const DAY_MS = 24 * 3600 * 1000;
/** Days that an arrow key goes. */
const STRIDES = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
const MONTHS = { PageUp: "Previous month", PageDown: "Next month" };

/** Heat step of a day, -4 to 4, measured against the month's largest day. */
function level(value, largest) {
  const step = Math.ceil((Math.abs(value) / largest) * STEPS);
  return Math.sign(value) * Math.min(STEPS, Math.max(1, step));
}

/** What a day is made of: its gross, fees, trades and largest fall. */
function words({ gross, fees, trade_count: trades, max_drawdown: fall }) {
  const parts = [`Gross ${pnl(gross)}`, `fees ${money(fees)}`, plural(trades, "trade")];
  if (fall !== null && fall !== undefined) parts.push(`max drawdown ${money(fall)}`);
  return parts.join(", ");
}

/** The ISO day so many days later. */
function later(date, days) {
  return new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The rendered month or year; a day of the month can be opened. */
export class Calendar {
  /** Take over what was rendered in `root`; `open(date)` is called with an ISO day. */
  constructor(root, open) {
    this.root = root;
    this.cells = new Map(
      all("[data-date]:not(.out)", root).map((cell) => [cell.dataset.date, cell]),
    );
    this.cell = one(".today:not(.out)", root);
    this.totals = all("[data-value]:not([data-date])", root);
    this.days = all(".day:not(.out):not(:disabled)", root);
    this.changed = false;
    onPaint(() => this.#paint());
    this.#mountKeys(open);
  }

  /** The ISO day that today's cell stands for; null when today is not shown. */
  get current() {
    return this.cell?.dataset.date ?? null;
  }

  /** First and last ISO day that are shown; null without any. */
  get extent() {
    const dates = [...this.cells.keys()];
    return dates.length ? [dates[0], dates.at(-1)] : null;
  }

  /** Show today's P&L of this second, a decimal string, or null while it is unknown. */
  today(value) {
    if (!this.cell || value === undefined) return;
    const idle = !number(value) && this.cell.dataset.value === undefined;
    if (!idle || this.cell.dataset.trades) this.#set(this.cell, value);
  }

  /** Take days as the API tells them. */
  take(days) {
    for (const day of days) {
      const { date, pnl: value, trade_count: trades, fill_count: fills, note } = day;
      const cell = this.cells.get(date);
      if (!cell) continue;
      this.note(date, note ?? "");
      if (!trades && !fills && sgn(value) === 0 && value !== null) continue;
      cell.dataset.trades = String(trades);
      setAttr(cell, "title", words(day));
      this.#set(cell, value);
    }
  }

  /** Show whether a day has a note. */
  note(date, text) {
    this.cells.get(date)?.classList.toggle("noted", text !== "");
  }

  /** The day before (-1) or after (1) `date` that can be opened, or null. */
  beside(date, step) {
    const place = this.days.findIndex((day) => day.dataset.date === date);
    return this.days[place + step]?.dataset.date ?? null;
  }

  #set(cell, value) {
    if (value === null) delete cell.dataset.value;
    else cell.dataset.value = value;
    cell.toggleAttribute("data-unknown", value === null);
    cell.dataset.active = "";
    this.changed = true;
    dirty();
  }

  #paint() {
    if (!this.changed) return;
    this.changed = false;
    const sizes = [...this.cells.values()].map((cell) => Math.abs(number(cell.dataset.value) ?? 0));
    const largest = Math.max(1e-9, ...sizes);
    for (const cell of this.cells.values()) {
      if (cell.dataset.active !== undefined) this.#paintDay(cell, largest);
    }
    for (const node of this.totals) this.#paintTotal(node);
  }

  #paintDay(cell, largest) {
    const { date, value = null, trades = "0" } = cell.dataset;
    const amount = number(value);
    if (amount === null) cell.removeAttribute("data-l");
    else cell.setAttribute("data-l", String(level(amount, largest)));
    const figure = one("b", cell);
    if (!figure) return;
    cell.classList.remove("quiet");
    setText(figure, pnlShort(value));
    const counted = plural(Number(trades), "trade");
    const noted = cell.classList.contains("noted") ? ", with a note" : "";
    const said = value === null ? "unknown" : pnl(value);
    setAttr(cell, "aria-label", `${date}: ${said}, ${counted}${noted}`);
  }

  /** A total is the exact sum of the days around it that are known. */
  #paintTotal(node) {
    const around = all(
      "[data-date][data-value]:not(.out)",
      node.closest(".line, .mon") ?? this.root,
    );
    if (!around.length) return;
    const total = sum(around.map((cell) => cell.dataset.value));
    const [week, month] = [node.closest(".week"), node.closest(".mon")];
    setPnl(node, (week ? pnlShort : pnl)(total), sgn(total));
    const trades = around.reduce((count, cell) => count + Number(cell.dataset.trades ?? 0), 0);
    const ups = around.filter((cell) => number(cell.dataset.value) > 0).length;
    const traded = plural(trades, "trade");
    if (week) setText(one("span", week), traded);
    else if (month)
      setText(one(".sub", month), `${traded}, ${ups} of ${plural(around.length, "day")} up`);
    else this.#paintUps(ups, around.length);
  }

  /** A day whose price is unknown is counted, and in no total. */
  #paintUps(ups, known) {
    const unknown = all("[data-unknown]:not(.out)", this.root).length;
    const without = unknown ? `, ${unknown} unknown` : "";
    const said = `${ups} of ${plural(known + unknown, "day")} up${without}`;
    setText(one("[data-ups]", this.root), said);
  }

  /** One day takes the focus with Tab; the keys go on from it. */
  #mountKeys(open) {
    const entry = this.days.find((day) => day === this.cell) ?? this.days.at(-1);
    for (const day of this.days) {
      day.tabIndex = day === entry ? 0 : -1;
      day.addEventListener("click", () => open(day.dataset.date));
      day.addEventListener("keydown", (event) => this.#key(day, event));
    }
  }

  #key(day, event) {
    const { key, ctrlKey, altKey, metaKey } = event;
    if (ctrlKey || altKey || metaKey) return;
    if (MONTHS[key]) one(`[aria-label="${MONTHS[key]}"][href]`, this.root)?.click();
    const next = this.#reach(day, key);
    if (!next && !MONTHS[key]) return;
    event.preventDefault();
    if (next) this.focus(next.dataset.date);
  }

  /** Put the focus on a day. */
  focus(date) {
    const next = this.days.find((day) => day.dataset.date === date);
    if (!next) return;
    for (const day of this.days) day.tabIndex = day === next ? 0 : -1;
    next.focus();
  }

  #reach(day, key) {
    const { date, week } = day.dataset;
    const place = this.days.indexOf(day);
    const row = this.days.filter((each) => each.dataset.week === week);
    if (key === "Home") return row[0];
    if (key === "End") return row.at(-1);
    const stride = STRIDES[key];
    if (!stride) return null;
    if (Math.abs(stride) === 1) return this.days[place + stride];
    return this.days.find((each) => each.dataset.date === later(date, stride));
  }
}
