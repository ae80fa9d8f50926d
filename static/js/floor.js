/** The chart of a funded account: its equity by the minute, above the floor of the maximum loss. */
import { colour, dollars, options, point, seconds, series } from "./chart.js";
import { number } from "./fmt.js";

const DASHED = 2;
const STEPS = 1;

const MINUTE_S = 60;

const minuteOf = (time) => time - (time % MINUTE_S);
const read = (name) => (each) => number(each[name]);

/** Equity and floor of {timestamp, last, low, floor}, one a minute. */
export class FloorChart {
  /** Draw into `element`. */
  constructor(element) {
    const { createChart, createSeriesMarkers, LineSeries } = window.LightweightCharts;
    this.chart = createChart(element, options());
    const format = { type: "custom", minMove: 1, formatter: dollars };
    const line = (more) =>
      this.chart.addSeries(LineSeries, { priceLineVisible: false, priceFormat: format, ...more });
    this.low = line({ lineWidth: 1, lastValueVisible: false, crosshairMarkerVisible: false });
    this.equity = line({ lineWidth: 2 });
    this.floor = line({ lineWidth: 2, lineStyle: DASHED, lineType: STEPS });
    this.marks = createSeriesMarkers(this.equity, []);
    this.broken = [];
    this.recolour();
  }

  /** Show these minutes, oldest first. */
  show(minutes) {
    this.equity.setData(series(minutes, read("last")));
    this.low.setData(series(minutes, read("low")));
    this.floor.setData(series(minutes, read("floor")));
    const newest = minutes.at(-1);
    this.first = minutes.length ? seconds(minutes[0].timestamp) : Infinity;
    this.last = newest ? seconds(newest.timestamp) : -Infinity;
    this.lowest = newest ? number(newest.low) : Infinity;
    this.chart.timeScale().fitContent();
    this.#mark();
  }

  /** Draw the newest minute as far as it has come: {timestamp, equity, floor}. */
  push({ timestamp, equity, floor }) {
    const [time, value] = [seconds(timestamp), number(equity)];
    if (time < this.last || value === null) return;
    this.lowest = time === this.last ? Math.min(this.lowest, value) : value;
    this.first = Math.min(this.first, time);
    this.last = time;
    this.equity.update(point(time, value));
    this.low.update(point(time, this.lowest));
    this.floor.update(point(time, number(floor)));
    this.#mark();
  }

  /** Mark where a rule was broken: {timestamp, text}. */
  mark(broken) {
    this.broken = broken;
    this.#mark();
  }

  /** Read the tokens again, after the theme or the palette changed. */
  recolour() {
    const [line, strong, chip] = ["line", "line-strong", "surface-3"].map(colour);
    const hair = { color: strong, labelBackgroundColor: chip };
    this.chart.applyOptions({
      layout: { textColor: colour("text-2") },
      grid: { horzLines: { color: line } },
      crosshair: { vertLine: hair, horzLine: hair },
    });
    this.equity.applyOptions({ color: colour("accent") });
    this.low.applyOptions({ color: colour("text-3") });
    this.floor.applyOptions({ color: colour("danger") });
    this.#mark();
  }

  #mark() {
    const color = colour("danger");
    const marks = this.broken
      .map(({ timestamp, text }) => ({ time: minuteOf(seconds(timestamp)), text }))
      .filter(({ time }) => time >= this.first && time <= this.last)
      .map((each) => ({ ...each, position: "belowBar", shape: "arrowUp", color }));
    this.marks.setMarkers(marks.sort((a, b) => a.time - b.time));
  }
}
