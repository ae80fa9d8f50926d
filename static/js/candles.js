/** Candles with volume below, on one lightweight-charts chart; colours come from the CSS tokens. */
import { colour, fade, options, seconds } from "./chart.js";
import { number, price } from "./fmt.js";

const DAY_S = 24 * 3600;
const VOLUME_SHARE = 0.82;
/** The least width of a candle that can be told from the next one. */
const CANDLE_PX = 4;
const UTC_DAY = new Intl.DateTimeFormat("en-US", { timeZone: "UTC", day: "numeric", month: "short" });
const UTC_YEAR = new Intl.DateTimeFormat("en-US", { timeZone: "UTC", year: "numeric" });
const FIRST_OF_YEAR = 0;

/** The date of a day's bar, whose day begins at the exchange's midnight or the evening before. */
const dateOf = (iso) => Math.floor((Date.parse(iso) / 1000 + DAY_S / 2) / DAY_S) * DAY_S;
const dayLabel = (time, type) =>
  (type === FIRST_OF_YEAR ? UTC_YEAR : UTC_DAY).format(new Date(time * 1000));

/** The chart of one symbol: bars as the API tells them in, candles out. */
export class CandleChart {
  /** Draw into `element`; `tick` is the least move of the price. */
  constructor(element, tick) {
    const { createChart, CandlestickSeries, HistogramSeries } = window.LightweightCharts;
    this.element = element;
    this.base = options();
    this.chart = createChart(element, {
      ...this.base,
      handleScroll: { mouseWheel: false, pressedMouseMove: true, horzTouchDrag: true },
      handleScale: { mouseWheel: false, pinch: true, axisPressedMouseMove: true },
      timeScale: { ...this.base.timeScale, secondsVisible: false, rightOffset: 3, minBarSpacing: 1 },
    });
    const priceFormat = { type: "custom", minMove: Number(tick), formatter: (at) => price(at, tick) };
    this.candles = this.chart.addSeries(CandlestickSeries, { priceFormat });
    this.volume = this.chart.addSeries(HistogramSeries, {
      priceScaleId: "",
      priceFormat: { type: "volume" },
      priceLineVisible: false,
      lastValueVisible: false,
    });
    this.volume.priceScale().applyOptions({ scaleMargins: { top: VOLUME_SHARE, bottom: 0 } });
    this.candles.priceScale().applyOptions({ scaleMargins: { top: 0.06, bottom: 0.2 } });
    this.bars = [];
    this.daily = false;
    this.recolour();
  }

  /**
   * Show these bars, oldest first; `daily` says that each is a day.  `anew` shows the newest of
   * them, as many as fit; else the reader stays where he is.
   */
  show(bars, { daily, anew }) {
    this.bars = bars;
    this.daily = daily;
    this.#label();
    this.candles.setData(bars.map((each) => this.#candle(each)));
    this.volume.setData(bars.map((each) => this.#column(each)));
    this.last = bars.length ? this.#time(bars.at(-1)) : -Infinity;
    if (anew) this.#fit();
  }

  /** Put a bar at the end, or in the place of the last one. */
  put(bar) {
    const time = this.#time(bar);
    if (time < this.last) return;
    if (time === this.last) this.bars.pop();
    this.bars.push(bar);
    this.last = time;
    this.candles.update(this.#candle(bar));
    this.volume.update(this.#column(bar));
  }

  /** Read the tokens again, after the theme or the palette changed. */
  recolour() {
    const [gain, loss, line, strong, chip, text] = [
      "gain",
      "loss",
      "line",
      "line-strong",
      "surface-3",
      "text-2",
    ].map(colour);
    const hair = { color: strong, labelBackgroundColor: chip };
    this.columns = { up: fade(gain, 0.35), down: fade(loss, 0.35) };
    this.chart.applyOptions({
      layout: { textColor: text },
      grid: { horzLines: { color: line } },
      crosshair: { vertLine: hair, horzLine: hair },
    });
    const ends = { upColor: gain, downColor: loss, wickUpColor: gain, wickDownColor: loss };
    this.candles.applyOptions({ ...ends, borderUpColor: gain, borderDownColor: loss });
    this.volume.setData(this.bars.map((each) => this.#column(each)));
  }

  #fit() {
    const most = Math.floor(this.element.clientWidth / CANDLE_PX);
    const scale = this.chart.timeScale();
    if (this.bars.length <= most) scale.fitContent();
    else scale.setVisibleLogicalRange({ from: this.bars.length - most, to: this.bars.length + 2 });
  }

  #label() {
    const { timeScale, localization } = this.base;
    const words = this.daily
      ? { timeFormatter: (time) => `${dayLabel(time)}, ${UTC_YEAR.format(new Date(time * 1000))}` }
      : localization;
    const tickMarkFormatter = this.daily ? dayLabel : timeScale.tickMarkFormatter;
    this.chart.applyOptions({
      localization: words,
      timeScale: { timeVisible: !this.daily, tickMarkFormatter },
    });
  }

  #time({ time }) {
    return this.daily ? dateOf(time) : seconds(time);
  }

  #candle(bar) {
    const [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map(Number);
    return { time: this.#time(bar), open, high, low, close };
  }

  #column(bar) {
    const time = this.#time(bar);
    const value = number(bar.volume);
    if (value === null) return { time };
    const up = Number(bar.close) >= Number(bar.open);
    return { time, value, color: up ? this.columns.up : this.columns.down };
  }
}
