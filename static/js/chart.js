/**
 * Equity above, drawdown below, on one lightweight-charts chart; colours come from the CSS tokens.
 * A drag over it chooses a stretch of time.
 */
import { day, number, ZONE } from "./fmt.js";

const DASHED = 2;
const FREE_CROSSHAIR = 0;
/** A drag that is shorter chooses nothing. */
const LEAST_DRAG_PX = 12;
const HOUR_MINUTE = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE,
  hour: "2-digit",
  minute: "2-digit",
});
const SECOND = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE,
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const MONTH = new Intl.DateTimeFormat("en-US", { timeZone: ZONE, month: "short" });
const YEAR = new Intl.DateTimeFormat("en-US", { timeZone: ZONE, year: "numeric" });
const DAY_OF_MONTH = new Intl.DateTimeFormat("en-US", { timeZone: ZONE, day: "numeric" });
const AXIS_LABELS = [YEAR, MONTH, DAY_OF_MONTH, HOUR_MINUTE, SECOND];
const CALENDAR_LABELS = 3;
/**
 * A day that began under the other daylight-saving offset is an hour off: date labels look a
 * little later.
 */
const SLACK_S = 2 * 3600;

/** Seconds that the reader's zone is ahead of UTC now. */
function zoneOffset() {
  const now = new Date();
  const wall = (zone) => new Date(now.toLocaleString("en-US", { timeZone: zone }));
  return Math.round((wall(ZONE) - wall("UTC")) / 60000) * 60;
}

/**
 * The library cuts days at midnight UTC, so it is given the reader's wall clock as if that were
 * UTC.
 */
const SHIFT_S = zoneOffset();

const real = (time) => (time - SHIFT_S) * 1000;

function axisLabel(time, type) {
  return AXIS_LABELS[type].format(real(time + (type < CALENDAR_LABELS ? SLACK_S : 0)));
}

/** Computed colour of a token, as rgb(...). */
export function colour(name) {
  const probe = document.createElement("i");
  probe.hidden = true;
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/** A colour as rgb(...) made so transparent. */
export const fade = (rgb, alpha) => rgb.replace(/^rgb\(([^)]+)\)/, `rgba($1, ${alpha})`);

/** Dollars for an axis, without cents. */
export const dollars = (value) =>
  (value < -0.5 ? "\u2212" : "") + "$" + Math.round(Math.abs(value)).toLocaleString("en-US");

/** What every chart has: its type, its axes, times in the reader's zone. */
export function options() {
  return {
    autoSize: true,
    layout: {
      attributionLogo: false,
      fontFamily: "Inter, sans-serif",
      fontSize: 11,
      background: { type: "solid", color: "transparent" },
    },
    grid: { vertLines: { visible: false } },
    rightPriceScale: { borderVisible: false },
    timeScale: {
      borderVisible: false,
      timeVisible: true,
      secondsVisible: true,
      minBarSpacing: 0.02,
      enableConflation: true,
      tickMarkFormatter: axisLabel,
    },
    localization: {
      timeFormatter: (time) => `${day(real(time))} ${HOUR_MINUTE.format(real(time))}`,
    },
    handleScale: false,
    handleScroll: false,
    crosshair: { mode: FREE_CROSSHAIR },
  };
}

/** An instant as the library counts it. */
export const seconds = (iso) => Math.floor(Date.parse(iso) / 1000) + SHIFT_S;

/** A chart point, or a gap where the value is unknown. */
export function point(time, value) {
  return value === null ? { time } : { time, value };
}

/**
 * Points in strictly rising seconds, as the library demands; a later one replaces one of the same
 * second.
 */
export function series(points, read) {
  const bySecond = new Map(points.map((each) => [seconds(each.timestamp), read(each)]));
  return [...bySecond].sort((a, b) => a[0] - b[0]).map(([time, value]) => point(time, value));
}

const wall = (iso) => (iso ? seconds(iso) : null);

/** The chart of one account or of all: {timestamp, pnl, drawdown} in, equity and drawdown out. */
export class EquityChart {
  /** Draw into `element`; `base` is added to each P&L to give equity, in dollars. */
  constructor(element, base) {
    const { createChart, createSeriesMarkers, BaselineSeries, AreaSeries } =
      window.LightweightCharts;
    this.base = base;
    this.chart = createChart(element, options());
    const format = { type: "custom", minMove: 1, formatter: dollars };
    const shared = { priceLineVisible: false, priceFormat: format };
    this.equity = this.chart.addSeries(
      BaselineSeries,
      { ...shared, baseValue: { type: "price", price: base }, lineWidth: 2 },
      0,
    );
    this.drawdown = this.chart.addSeries(
      AreaSeries,
      { ...shared, lineWidth: 1, invertFilledArea: true },
      1,
    );
    const line = { price: base, lineWidth: 1, axisLabelVisible: false, title: "" };
    this.booked = this.equity.createPriceLine({ ...line, lineStyle: DASHED, lineVisible: false });
    this.marks = createSeriesMarkers(this.equity, []);
    this.end = null;
    this.worst = null;
    this.recolour();
  }

  /** The first and the last instant that are shown, in milliseconds; null without a curve. */
  get extent() {
    return this.first === undefined ? null : [real(this.first), real(this.last)];
  }

  /** Count P&L from this equity. */
  rebase(base) {
    this.base = base;
    this.equity.applyOptions({ baseValue: { type: "price", price: base } });
  }

  /** Draw how much of the curve is realised, in dollars of equity; null draws no line. */
  realised(level) {
    const shown = level !== null;
    this.booked.applyOptions(shown ? { price: level, lineVisible: true } : { lineVisible: false });
  }

  /**
   * Mark the worst drawdown: {peak_at, trough_at, recovered_at, text}, instants as ISO text or
   * null; null marks none.
   */
  mark(worst) {
    this.worst = worst;
    this.#drawMarks();
  }

  /** Whether the end of the curve is the present, which has a mark of its own. */
  live(on) {
    this.isLive = on;
    this.#drawMarks();
  }

  /** Show these {timestamp, pnl, drawdown}; a null is a gap. */
  show(points) {
    const equity = (each) => (number(each.pnl) === null ? null : this.base + number(each.pnl));
    const depth = (each) =>
      number(each.drawdown) === null ? null : -Math.abs(number(each.drawdown));
    const above = series(points, equity);
    this.equity.setData(above);
    this.drawdown.setData(series(points, depth));
    this.first = above[0]?.time;
    this.last = above.at(-1)?.time ?? 0;
    this.end = above.findLast((each) => each.value !== undefined)?.value ?? null;
    const [top, bottom] = this.chart.panes();
    top.setStretchFactor(3);
    bottom?.setStretchFactor(1);
    this.chart.timeScale().fitContent();
    this.#drawMarks();
  }

  /** Add the newest second: equity and drawdown (zero or positive) in dollars. */
  push(timestamp, equity, depth) {
    const time = seconds(timestamp);
    if (!(time >= this.last)) return;
    this.first ??= time;
    this.last = time;
    this.end = equity;
    this.equity.update(point(time, equity));
    this.drawdown.update(point(time, depth === null ? null : -depth));
    this.#drawMarks();
  }

  /** The instant in milliseconds at so many pixels from the left, as far as the curve goes. */
  at(x) {
    const time = this.chart.timeScale().coordinateToTime(x);
    if (time !== null) return real(time);
    return x < this.chart.timeScale().timeToCoordinate(this.first) ? real(this.first) : real(this.last);
  }

  #drawMarks() {
    const { loss, text, accent } = this.colours;
    const { peak_at: peak, trough_at: trough, recovered_at: back, text: said } = this.worst ?? {};
    const marks = [
      { time: wall(peak), position: "aboveBar", shape: "arrowDown", color: text, text: "Peak" },
      { time: wall(trough), position: "belowBar", shape: "arrowUp", color: loss, text: said },
      { time: wall(back), position: "aboveBar", shape: "circle", color: text, text: "Recovered" },
    ].filter(({ time }) => time && time >= this.first && time <= this.last);
    if (this.isLive && this.end !== null)
      marks.push({ time: this.last, position: "inBar", shape: "circle", color: accent });
    this.marks.setMarkers(marks.sort((a, b) => a.time - b.time));
  }

  /** Mark round trips: {at, position, shape, color, text}, `at` the ISO instant they ended. */
  trips(marks) {
    const { createSeriesMarkers } = window.LightweightCharts;
    createSeriesMarkers(
      this.equity,
      marks.map(({ at, ...mark }) => ({ ...mark, time: wall(at) })),
    );
  }

  /** Read the tokens again, after the theme or the palette changed. */
  recolour() {
    this.colours = { loss: colour("loss"), text: colour("text-2"), accent: colour("accent") };
    const [gain, loss, line, strong, chip] = [
      "gain",
      "loss",
      "line",
      "line-strong",
      "surface-3",
    ].map(colour);
    const hair = { color: strong, labelBackgroundColor: chip };
    this.chart.applyOptions({
      layout: {
        textColor: colour("text-2"),
        panes: { separatorColor: line, separatorHoverColor: line },
      },
      grid: { horzLines: { color: line } },
      crosshair: { vertLine: hair, horzLine: hair },
    });
    this.equity.applyOptions({
      topLineColor: gain,
      topFillColor1: fade(gain, 0.26),
      topFillColor2: fade(gain, 0.02),
      bottomLineColor: loss,
      bottomFillColor1: fade(loss, 0.02),
      bottomFillColor2: fade(loss, 0.26),
    });
    this.drawdown.applyOptions({
      lineColor: loss,
      topColor: fade(loss, 0.05),
      bottomColor: fade(loss, 0.3),
    });
    this.booked.applyOptions({ color: strong });
    this.#drawMarks();
  }
}

/** Let a mouse or pen drag over `plot` choose from one x to another, in pixels from its left. */
export function mountDrag(plot, shade, choose) {
  let from = null;
  const x = (event) => event.clientX - plot.getBoundingClientRect().left;
  const show = (to) => {
    shade.hidden = Math.abs(to - from) < LEAST_DRAG_PX;
    shade.style.left = `${plot.offsetLeft + Math.min(from, to)}px`;
    shade.style.width = `${Math.abs(to - from)}px`;
  };
  plot.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && event.pointerType !== "touch") from = x(event);
  });
  plot.addEventListener("pointermove", (event) => from !== null && show(x(event)));
  window.addEventListener("pointerup", (event) => {
    if (from === null) return;
    const [begin, to] = [from, x(event)];
    from = null;
    shade.hidden = true;
    if (Math.abs(to - begin) >= LEAST_DRAG_PX) choose(Math.min(begin, to), Math.max(begin, to));
  });
}
