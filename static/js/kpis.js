/** The key figures at the top of the dashboard. */
import { minus, sum } from "./decimal.js";
import { one } from "./dom.js";
import { drawdown, money, number, percent, plural, pnl, ratio, sgn } from "./fmt.js";
import { dirty, onPaint, setPnl, setText } from "./live.js";

/** Name in the title bar, where the day's P&L is shown first. */
const TITLE = "Dashboard, Signalbox";

const gain = (name) => (node, figures) => setPnl(node, pnl(figures[name]), sgn(figures[name]));
const text = (name, write) => (node, figures) => setText(node, write(figures[name]));
const count = (name, word) => text(name, (value) => plural(value ?? 0, word));

/** How each figure that a page may have is written. */
const FIGURES = {
  today: gain("today_pnl"),
  realised: text("realised_today", pnl),
  open: gain("open_pnl"),
  positions: count("active_positions", "position"),
  equity: text("equity", money),
  total: gain("total_pnl"),
  booked: text("realised", pnl),
  drawdown: text("drawdown", drawdown),
  worst: text("max_drawdown", drawdown),
  win: text("win_rate", percent),
  trades: count("trades", "trade"),
  factor: text("profit_factor", ratio),
  closed: text("trades_net", pnl),
};

/** The strip of key figures; knows equity and drawdown of this second. */
export class KeyFigures {
  /** Show `summary` (the reply of /api/summary) inside `root`. */
  constructor(root, summary) {
    const found = Object.keys(FIGURES).map((name) => [name, one(`[data-kpi=${name}]`, root)]);
    this.nodes = found.filter(([, node]) => node);
    this.reset(summary);
    onPaint(() => this.#paint());
    dirty();
  }

  /** Take a whole new summary. */
  reset(summary) {
    const total = number(summary.total_pnl);
    this.summary = { ...summary };
    this.#learn();
    this.peak = total === null ? null : total + Math.abs(number(summary.drawdown) ?? 0);
    dirty();
  }

  /** Take the figures of a second; drawdown and equity follow from the total and the peak. */
  update(payload) {
    Object.assign(this.summary, payload);
    const total = number(payload.total_pnl);
    if (total !== null) this.#follow(total, payload);
    this.#learn();
    dirty();
  }

  /** Equity now in dollars, or null when it is unknown. */
  get equity() {
    return number(this.summary.equity);
  }

  /** Drawdown now in dollars, zero or positive, or null when it is unknown. */
  get depth() {
    const depth = number(this.summary.drawdown);
    return depth === null ? null : Math.abs(depth);
  }

  /** The capital as decimal text, which is known as soon as equity and P&L have been; null before. */
  #learn() {
    const { equity, total_pnl: total } = this.summary;
    const known = number(equity) !== null && number(total) !== null;
    this.base = known ? minus(equity, total) : (this.base ?? null);
  }

  #follow(total, payload) {
    const { summary } = this;
    this.peak = Math.max(this.peak ?? total, total);
    if (payload.drawdown === undefined) summary.drawdown = this.peak - total;
    if (payload.equity === undefined && this.base !== null)
      summary.equity = sum([this.base, payload.total_pnl]);
    const worst = Math.abs(number(summary.max_drawdown) ?? 0);
    summary.max_drawdown = Math.max(worst, Math.abs(number(summary.drawdown)));
  }

  #paint() {
    for (const [name, node] of this.nodes) FIGURES[name](node, this.summary);
    document.title = `${pnl(this.summary.today_pnl)} · ${TITLE}`;
  }
}
