/** The key figures at the top of the dashboard. */
import { one } from "./dom.js";
import { drawdown, money, number, percent, plural, pnl, ratio, sgn } from "./fmt.js";
import { dirty, onPaint, setPnl, setText } from "./live.js";

/** Name in the title bar, where the day's P&L is shown first. */
const TITLE = "Dashboard, Signalbox";

/** The strip of key figures; knows equity and drawdown of this second. */
export class KeyFigures {
  /** Show `summary` (the reply of /api/summary) inside `root`. */
  constructor(root, summary) {
    const figure = (name) => one(`[data-kpi=${name}]`, root);
    this.nodes = Object.fromEntries(
      [
        "today",
        "realised",
        "open",
        "positions",
        "equity",
        "drawdown",
        "worst",
        "win",
        "trades",
        "factor",
      ].map((name) => [name, figure(name)]),
    );
    this.reset(summary);
    onPaint(() => this.#paint());
    dirty();
  }

  /** Take a whole new summary. */
  reset(summary) {
    const total = number(summary.total_pnl);
    const equity = number(summary.equity);
    this.summary = { ...summary };
    this.base = equity === null || total === null ? null : equity - total;
    this.peak = total === null ? null : total + Math.abs(number(summary.drawdown) ?? 0);
    dirty();
  }

  /** Take a pnl_update; drawdown and equity follow from the total and the peak seen so far. */
  update(payload) {
    Object.assign(this.summary, payload);
    const total = number(payload.total_pnl);
    if (total !== null) this.#follow(total, payload);
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

  #follow(total, payload) {
    const { summary } = this;
    this.peak = Math.max(this.peak ?? total, total);
    if (payload.drawdown === undefined) summary.drawdown = this.peak - total;
    if (payload.equity === undefined && this.base !== null) summary.equity = this.base + total;
    const worst = Math.abs(number(summary.max_drawdown) ?? 0);
    summary.max_drawdown = Math.max(worst, Math.abs(number(summary.drawdown)));
  }

  #paint() {
    const { nodes, summary } = this;
    setPnl(nodes.today, pnl(summary.today_pnl), sgn(summary.today_pnl));
    setText(nodes.realised, pnl(summary.realised_today));
    setPnl(nodes.open, pnl(summary.open_pnl), sgn(summary.open_pnl));
    setText(nodes.positions, plural(summary.active_positions ?? 0, "position"));
    setText(nodes.equity, money(summary.equity));
    setText(nodes.drawdown, drawdown(summary.drawdown));
    setText(nodes.worst, drawdown(summary.max_drawdown));
    setText(nodes.win, percent(summary.win_rate));
    setText(nodes.trades, plural(summary.trades ?? 0, "trade"));
    setText(nodes.factor, ratio(summary.profit_factor));
    document.title = `${pnl(summary.today_pnl)} · ${TITLE}`;
  }
}
