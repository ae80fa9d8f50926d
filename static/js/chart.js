/**
 * Equity above, drawdown below, on one lightweight-charts chart; colours come from the CSS tokens.
 */
import { day, number, ZONE } from "./fmt.js";

const DASHED = 2;
const FREE_CROSSHAIR = 0;
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

const fade = (rgb, alpha) => rgb.replace(/^rgb\(([^)]+)\)/, `rgba($1, ${alpha})`);

const dollars = (value) =>
  (value < -0.5 ? "\u2212" : "") + "$" + Math.round(Math.abs(value)).toLocaleString("en-US");

function options() {
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
    handleScale: { mouseWheel: false },
    crosshair: { mode: FREE_CROSSHAIR },
  };
}

const seconds = (iso) => Math.floor(Date.parse(iso) / 1000) + SHIFT_S;

/** A chart point, or a gap where the value is unknown. */
function point(time, value) {
  return value === null ? { time } : { time, value };
}

/**
 * Points in strictly rising seconds, as the library demands; a later one replaces one of the same
 * second.
 */
function series(points, read) {
  const bySecond = new Map(points.map((each) => [seconds(each.timestamp), read(each)]));
  return [...bySecond].sort((a, b) => a[0] - b[0]).map(([time, value]) => point(time, value));
}

/** The chart of one account or of all: {timestamp, pnl, drawdown} in, equity and drawdown out. */
export class EquityChart {
  /** Draw into `element`; `base` is added to each P&L to give equity, in dollars. */
  constructor(element, base) {
    const { createChart, BaselineSeries, AreaSeries } = window.LightweightCharts;
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
    this.start = this.equity.createPriceLine({
      price: base,
      lineWidth: 1,
      lineStyle: DASHED,
      axisLabelVisible: false,
      title: "",
    });
    this.recolour();
  }

  /** Show these {timestamp, pnl, drawdown}; a null is a gap. */
  show(points) {
    const equity = (each) => (number(each.pnl) === null ? null : this.base + number(each.pnl));
    const depth = (each) =>
      number(each.drawdown) === null ? null : -Math.abs(number(each.drawdown));
    const above = series(points, equity);
    this.equity.setData(above);
    this.drawdown.setData(series(points, depth));
    this.last = above.at(-1)?.time ?? 0;
    const [top, bottom] = this.chart.panes();
    top.setStretchFactor(3);
    bottom?.setStretchFactor(1);
    this.chart.timeScale().fitContent();
  }

  /** Add the newest second: equity and drawdown (zero or positive) in dollars. */
  push(timestamp, equity, depth) {
    const time = seconds(timestamp);
    if (!(time >= this.last)) return;
    this.last = time;
    this.equity.update(point(time, equity));
    this.drawdown.update(point(time, depth === null ? null : -depth));
  }

  /** Read the tokens again, after the theme or the palette changed. */
  recolour() {
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
    this.start.applyOptions({ color: strong });
  }
}

/** Draw a small curve of `values` into a canvas; fewer than two values leave it empty. */
export function sparkline(canvas, values, stroke) {
  const scale = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = width * scale;
  canvas.height = height * scale;
  if (values.length < 2 || !width) return;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  pen.beginPath();
  values.forEach((value, i) =>
    pen.lineTo(
      1 + (i / (values.length - 1)) * (width - 2),
      height - 3 - ((value - low) / span) * (height - 6),
    ),
  );
  pen.strokeStyle = stroke;
  pen.lineWidth = 1.6;
  pen.lineJoin = "round";
  pen.stroke();
  pen.lineTo(width - 1, height);
  pen.lineTo(1, height);
  pen.closePath();
  const fill = pen.createLinearGradient(0, 0, 0, height);
  fill.addColorStop(0, fade(stroke, 0.25));
  fill.addColorStop(1, fade(stroke, 0));
  pen.fillStyle = fill;
  pen.fill();
}
