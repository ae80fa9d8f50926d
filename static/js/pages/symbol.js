/** One symbol: its candles, read in the length that was chosen, and its price as it moves. */
import { get } from "../api.js";
import { CandleChart } from "../candles.js";
import { all, one, press } from "../dom.js";
import { number, price, sgn, stamp } from "../fmt.js";
import { dirty, onPaint, setAttr, setText } from "../live.js";
import { renewing } from "../renew.js";
import { attempt } from "../toast.js";

const MINUTE_MS = 60_000;
const LENGTHS = { "1m": 1, "5m": 5, "15m": 15, "1h": 60 };
const BARS = 300;
/** How long the rest of an answer that is not complete may take. */
const AGAIN_MS = 3000;
const MOST_TRIES = 20;

/** What is drawn: ended bars of the API, and the one that forms, of ended minutes and quotes. */
class Candles {
  constructor(root, symbol, tick) {
    Object.assign(this, { root, symbol, asked: 0, tries: 0, timeframe: "5m", forming: null });
    this.plot = new CandleChart(one(".plot", root), tick);
    this.buttons = all("#timeframes button", root);
    this.again = renewing(() => this.load(), AGAIN_MS);
    for (const button of this.buttons)
      button.addEventListener("click", () => this.#choose(button));
  }

  /** Read the bars; a later call overtakes an earlier one. */
  async load() {
    this.asked += 1;
    const mine = this.asked;
    const { timeframe } = this;
    const reply = await attempt(() => this.#get({ timeframe, limit: BARS }));
    const formed = await this.#begun(timeframe);
    if (!reply || mine !== this.asked) return;
    this.plot.show(reply.bars, { daily: timeframe === "1d", anew: this.shown !== timeframe });
    this.shown = reply.bars.length ? timeframe : null;
    this.forming = formed;
    if (formed) this.plot.put(formed);
    one(".empty", this.root).hidden = reply.bars.length > 0 || formed !== null;
    const why = one("#why", this.root);
    why.hidden = reply.complete;
    setText(why, reply.why ?? "");
    this.tries = reply.coming ? this.tries + 1 : 0;
    if (reply.coming && this.tries < MOST_TRIES) this.again();
  }

  /** Let a price move the bar that forms. */
  move(at, value) {
    const length = LENGTHS[this.timeframe];
    if (!length || !this.asked) return;
    const time = new Date(Math.floor(at / (length * MINUTE_MS)) * length * MINUTE_MS).toISOString();
    if (this.forming?.time === time) this.forming = grown(this.forming, value, value, value);
    else {
      if (this.forming) this.again();
      const whole = { open: value, high: value, low: value, close: value };
      this.forming = { time, ...whole, volume: null };
    }
    this.plot.put(this.forming);
    one(".empty", this.root).hidden = true;
  }

  /** Draw again after the colours changed. */
  recolour() {
    this.plot.recolour();
  }

  #get(query) {
    return get(`/api/bars/${this.symbol}`, query);
  }

  /** The bar that has begun, of its minutes that have ended; null without any. */
  async #begun(timeframe) {
    const length = LENGTHS[timeframe];
    if (!length || length === 1) return null;
    const time = Math.floor(Date.now() / (length * MINUTE_MS)) * length * MINUTE_MS;
    const start = new Date(time).toISOString();
    const reply = await attempt(() => this.#get({ timeframe: "1m", start }));
    if (!reply?.bars.length) return null;
    return reply.bars
      .map((each) => ({ ...each, time: start }))
      .reduce((whole, each) => grown(whole, each.high, each.low, each.close));
  }

  #choose(button) {
    press(this.buttons, button);
    this.timeframe = button.dataset.timeframe;
    const link = one("#bars-csv", this.root);
    link.href = `/api/bars/${this.symbol}.csv?timeframe=${this.timeframe}`;
    this.load();
  }
}

/** A bar with more in it; its volume is not known until it has ended. */
function grown(bar, high, low, close) {
  return {
    ...bar,
    high: String(Math.max(Number(bar.high), Number(high))),
    low: String(Math.min(Number(bar.low), Number(low))),
    close,
    volume: null,
  };
}

/** Keep the last price; its colour says which way it went last. */
function mountPrice(root, quote, tick) {
  const state = { quote, way: 0 };
  onPaint(() => {
    if (!state.quote) return;
    const { mark, bid, ask, ts } = state.quote;
    setText(one("#mark", root), price(mark));
    setAttr(one("#mark", root), "data-s", String(state.way));
    setText(one("#bid", root), price(bid, tick));
    setText(one("#ask", root), price(ask, tick));
    setText(one("#as-of", root), stamp(ts));
  });
  dirty();
  return (next) => {
    const moved = sgn(number(next.mark) - (number(state.quote?.mark) ?? number(next.mark)), 0);
    state.way = moved || state.way;
    state.quote = next;
    dirty();
  };
}

/** Mount the page. */
export function mount(root, data, { feed }) {
  const { symbol, tick, quote } = data;
  const candles = new Candles(root, symbol, tick);
  const show = mountPrice(root, quote, tick);
  const channels = [`symbol:${symbol}`];
  feed.on("quote", channels, (next) => {
    if (next.symbol !== symbol) return;
    show(next);
    candles.move(Date.parse(next.ts), next.mark);
  });
  feed.onCatchUp(() => candles.load());
  document.addEventListener("recolour", () => candles.recolour());
}
