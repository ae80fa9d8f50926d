/**
 * The month calendar: the server renders it, this keeps today's cell and the totals around it
 * live.
 */
import { all, one } from "./dom.js";
import { number, pnl, pnlShort, sgn } from "./fmt.js";
import { dirty, onPaint, setAttr, setPnl, setText } from "./live.js";

const STEPS = 4;

/** Heat step of a day, -4 to 4, measured against the month's largest day. */
function level(value, largest) {
  const step = Math.ceil((Math.abs(value) / largest) * STEPS);
  return sgn(value) * Math.min(STEPS, Math.max(1, step));
}

/** Add `change` to a total that the server rendered. */
function shift(node, change, write) {
  const total = number(node.dataset.value) + change;
  setPnl(node, write(total), sgn(total));
}

/**
 * The rendered month: today's cell, its week and the month follow the live P&L; a day can be
 * chosen.
 */
export class Calendar {
  /**
   * Take over the rendered calendar; `choose(date)` is called with an ISO day, or null when it is
   * released.
   */
  constructor(root, choose) {
    this.days = all(".day:not(.out)", root);
    this.cell = one(".day.today", root);
    this.chosen = null;
    this.choose = choose;
    if (this.cell) this.#prepare(root);
    for (const day of this.days) day.addEventListener("click", () => this.#pick(day));
  }

  /** Show today's P&L of this second, a decimal string or null. */
  today(value) {
    this.value = number(value);
    if (this.cell && this.value !== null) dirty();
  }

  /** Release the chosen day. */
  release() {
    if (this.chosen) this.#pick(this.chosen);
  }

  #prepare(root) {
    const others = this.days
      .filter((day) => day !== this.cell)
      .map((day) => Math.abs(number(day.dataset.value) ?? 0));
    this.largest = Math.max(1, ...others);
    this.rendered = number(this.cell.dataset.value) ?? 0;
    this.figure = one("b", this.cell);
    this.week = one(`b[data-week="${this.cell.dataset.week}"]`, root);
    this.month = one("#month-total");
    onPaint(() => this.#paint());
  }

  #paint() {
    if (this.value === null || this.value === undefined) return;
    const change = this.value - this.rendered;
    setText(this.figure, pnlShort(this.value));
    setAttr(
      this.cell,
      "data-l",
      String(level(this.value, Math.max(this.largest, Math.abs(this.value)))),
    );
    this.cell.disabled = false;
    shift(this.week, change, pnlShort);
    shift(this.month, change, pnl);
  }

  #pick(day) {
    const release = this.chosen === day;
    this.chosen?.setAttribute("aria-pressed", "false");
    this.chosen = release ? null : day;
    this.chosen?.setAttribute("aria-pressed", "true");
    this.choose(release ? null : day.dataset.date);
  }
}
