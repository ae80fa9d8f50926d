/** The curve of the dashboard: its ranges and zoom, its end that lives, and what its legend says. */
import { get } from "./api.js";
import { EquityChart, mountDrag } from "./chart.js";
import { decimal, sum } from "./decimal.js";
import { all, one, press } from "./dom.js";
import { drawdown, money, number, percent, pnl, sgn, stamp } from "./fmt.js";
import { dirty, onPaint, setPnl, setText } from "./live.js";
import { renewing } from "./renew.js";
import { changed, remember } from "./scope.js";
import { attempt } from "./toast.js";

const CHART = "/api/dashboard/pnl-drawdown-chart";
const POINTS = 2000;
const DAY_MS = 24 * 3600 * 1000;
const LONGEST_MS = 3650 * DAY_MS;
/** After so many live seconds the curve is read anew, so that it never grows without end. */
const PUSHES = 900;

/** How long a deeper drawdown, or the end of the worst one, may wait to be marked. */
const MARK_MS = 5000;

/** A stretch of time: both ends in milliseconds; null is the beginning, or the present. */
const ALL = { from: null, to: null };
const iso = (at) => (at === null ? null : new Date(at).toISOString());

/** What is drawn, kept in the page's address; `figures` are the key figures, `scope` whose. */
class Curve {
  constructor(root, figures, scope) {
    Object.assign(this, { root, figures, scope, view: ALL, before: [], pushed: 0, asked: 0 });
    Object.assign(this, { deepest: Infinity, under: false });
    this.remark = renewing(() => this.load(), MARK_MS);
    this.ofStrategy = Boolean(scope.strategy_id);
    this.base = this.#base();
    this.end = null;
    this.plot = new EquityChart(one(".plot", root), number(this.base));
    this.empty = one(".chart .empty", root);
    this.buttons = all("#ranges button", root);
    this.#mountControls();
    onPaint(() => this.#paint());
  }

  /** Draw the newest second. */
  push(ts) {
    this.#rebase();
    if (this.view.to !== null) return;
    const { total_pnl: total } = this.figures.summary;
    this.end = this.#level(total);
    this.plot.push(ts, number(this.end), this.figures.depth);
    this.empty.hidden = true;
    this.pushed += 1;
    if (this.pushed > PUSHES) this.load();
    else if (this.#outgrown()) this.remark();
    dirty();
  }

  /** Read the curve of the view; a later call overtakes an earlier one. */
  async load(view = this.view) {
    this.view = view;
    this.asked += 1;
    const mine = this.asked;
    const span = { ...this.scope, start: iso(view.from), end: iso(view.to) };
    const reply = await attempt(() => get(CHART, { ...span, limit: POINTS }));
    if (!reply || mine !== this.asked) return;
    this.pushed = 0;
    this.#rebase();
    this.plot.show(reply.chart_data);
    const last = reply.chart_data.findLast(({ pnl: value }) => value !== null);
    this.end = last ? this.#level(decimal(last.pnl)) : null;
    this.plot.live(view.to === null);
    this.empty.hidden = reply.chart_data.length > 0;
    dirty();
    this.#markWorst(reply.drawdown?.maximum);
  }

  /** Draw again after the colours changed. */
  recolour() {
    this.plot.recolour();
  }

  /** Whether the drawdown of this second is deeper than the marked one, or ends it. */
  #outgrown() {
    const { depth } = this.figures;
    return depth !== null && (depth > this.deepest || (depth === 0 && this.under));
  }

  #base() {
    return this.ofStrategy ? "0" : (this.figures.base ?? "0");
  }

  /** An amount of P&L as it is drawn, exact as decimal text; null when it is unknown. */
  #level(amount) {
    return number(amount) === null ? null : sum([this.base, amount]);
  }

  #rebase() {
    const base = this.#base();
    if (base === this.base) return;
    this.base = base;
    this.plot.rebase(number(base));
    if (this.asked) this.load();
  }

  #markWorst(maximum) {
    const line = one("#curve-worst", this.root);
    const found = number(maximum?.amount) > 0;
    const { depth } = this.figures;
    this.deepest = Math.max(number(maximum?.amount) ?? Infinity, depth ?? 0);
    this.under = found && !maximum.recovered_at && depth !== 0;
    line.hidden = !found;
    this.plot.mark(found ? { ...maximum, text: drawdown(maximum.amount) } : null);
    if (found) setText(one("span", line), worstOf(maximum));
  }

  #paint() {
    const { summary } = this.figures;
    const write = this.ofStrategy ? pnl : money;
    const now = this.view.to === null;
    const level = this.#level(summary.realised);
    setText(one("#equity-now", this.root), write(now ? this.#level(summary.total_pnl) : this.end));
    setText(one("#curve-realised", this.root), write(level));
    setPnl(one("#curve-open", this.root), pnl(summary.open_pnl), sgn(summary.open_pnl));
    for (const id of ["#curve-realised", "#curve-open"])
      one(id, this.root).closest("li").hidden = !now;
    this.plot.realised(now ? number(level) : null);
  }

  #mountControls() {
    for (const button of this.buttons)
      button.addEventListener("click", () => this.#range(button.textContent));
    one("#zoom-in", this.root).addEventListener("click", () => this.#halve());
    one("#zoom-out", this.root).addEventListener("click", () => this.#widen());
    const plot = one(".plot", this.root);
    mountDrag(plot, one("#zoom-span", this.root), (begin, end) =>
      this.#zoom({ from: this.plot.at(begin), to: this.plot.at(end) }),
    );
    plot.addEventListener("dblclick", () => this.#widen());
  }

  /** Begin with what the page's address says. */
  start() {
    const query = new URLSearchParams(location.search);
    const [from, to] = ["from", "to"].map((name) => Date.parse(query.get(name) ?? ""));
    if (from < to) this.#zoom({ from, to });
    else this.#range(query.get("range") ?? "All");
  }

  #range(name) {
    const button = this.buttons.find((each) => each.textContent === name) ?? this.buttons.at(-1);
    const days = Number(button.dataset.days);
    press(this.buttons, button);
    this.before = [];
    this.#keep({ range: days ? button.textContent : null, from: null, to: null });
    this.load(days ? { from: Date.now() - days * DAY_MS, to: null } : ALL);
  }

  #zoom(view) {
    press(this.buttons, null);
    this.before.push(this.view);
    this.#show(view);
  }

  #show(view) {
    this.#keep({ range: null, from: iso(view.from), to: iso(view.to) });
    this.load(view);
  }

  #halve() {
    const { extent } = this.plot;
    if (!extent) return;
    const [from, to] = extent;
    this.#zoom({ from: to - (to - from) / 2, to: this.view.to ?? to });
  }

  /** Back to what was shown before, else twice as much. */
  #widen() {
    const { extent } = this.plot;
    const before = this.before.pop();
    if (before?.to === null || !extent) this.#range(this.#nameOf(before));
    else if (before) this.#show(before);
    else if (this.view !== ALL) this.#double(extent);
  }

  #double([from, to]) {
    const wider = to - from > 0 ? from - (to - from) : from - DAY_MS;
    if (to - wider > LONGEST_MS || this.view.from === null) this.#range("All");
    else this.#zoom({ from: wider, to: this.view.to ?? to });
    this.before = [];
  }

  #nameOf(view) {
    const days = view?.from ? Math.round((Date.now() - view.from) / DAY_MS) : 0;
    return this.buttons.find((each) => Number(each.dataset.days) === days)?.textContent ?? "All";
  }

  /** The address, and every way from here to another month, keep what is shown. */
  #keep(query) {
    remember(query);
    for (const link of all("#calendar a[href]", this.root)) link.href = changed(link.href, query);
  }
}

function worstOf({ amount, percent: share, peak_at: peak, trough_at: trough, recovered_at: back }) {
  const size = number(share) === null ? "" : ` (${percent(number(share) / 100)})`;
  const end = back ? `recovered ${stamp(back)}` : "not recovered";
  return `Worst drawdown ${drawdown(amount)}${size}, ${stamp(peak)} to ${stamp(trough)}, ${end}`;
}

/** Mount the curve; returns it, with push(ts), load() and recolour(). */
export function mountEquity(root, figures, scope) {
  const curve = new Curve(root, figures, scope);
  curve.start();
  return curve;
}
