/** Dashboard: key figures, equity and drawdown, calendar, open positions and activity, all live. */
import { get } from "../api.js";
import { Calendar } from "../calendar.js";
import { colour, EquityChart, sparkline } from "../chart.js";
import { all, one, press } from "../dom.js";
import { minutesUntil, money, number } from "../fmt.js";
import { KeyFigures } from "../kpis.js";
import { dirty, onPaint, setText } from "../live.js";
import { mountLog } from "../log.js";
import { mountPositions } from "../positions.js";
import { attempt } from "../toast.js";

const CHART = "/api/dashboard/pnl-drawdown-chart";
const POINTS = 2000;
const SPARK_POINTS = 120;
const LINES = 1000;
const MINUTE_MS = 60000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Mount the page; `data` is {summary, positions, log, accounts, chart}. */
export function mount(root, data, { feed }) {
  const figures = new KeyFigures(one(".kpis", root), data.summary);
  const log = mountLog(one("#activity", root), data.log);
  const calendar = mountDays(root, log);
  mountPositions(one("#positions", root), data.positions, feed);
  const chart = mountChart(root, figures, data.chart.chart_data);
  const day = mountSpark(root, figures);

  feed.on("pnl_update", ["pnl"], (payload) => {
    figures.update(payload);
    calendar.today(payload.today_pnl);
    chart.push(payload.ts);
    day.push(payload.today_pnl);
  });
  feed.on("log_entry", ["log"], (entry) => log.add(entry));
  feed.onCatchUp(async () => figures.reset(await get("/api/summary")));
  feed.onCatchUp(async () => {
    const { items } = await get("/api/log", { after: log.lastFact, limit: LINES });
    for (const entry of items) log.add(entry);
  });
  document.addEventListener("recolour", () => {
    chart.recolour();
    day.draw();
  });
}

/** The chart with its ranges; returns {push(ts), recolour()}. */
function mountChart(root, figures, points) {
  const base = figures.base ?? 0;
  const plot = new EquityChart(one(".plot", root), base);
  const empty = one(".chart .empty", root);
  const buttons = all("#ranges button", root);
  const now = one("#equity-now", root);
  const show = (each) => {
    plot.show(each);
    empty.hidden = each.length > 0;
  };
  const load = async (button) => {
    press(buttons, button);
    const days = Number(button.dataset.days);
    const start = days ? new Date(Date.now() - days * DAY_MS).toISOString() : null;
    const reply = await attempt(() => get(CHART, { start, limit: POINTS }));
    if (reply) show(reply.chart_data);
  };
  for (const button of buttons) button.addEventListener("click", () => load(button));
  show(points);
  setText(one("#equity-base", root), figures.base === null ? "" : ` from ${money(figures.base)}`);
  onPaint(() => setText(now, money(figures.equity)));
  dirty();
  const push = (ts) => {
    plot.push(ts, figures.equity, figures.depth);
    empty.hidden = true;
  };
  return { push, recolour: () => plot.recolour() };
}

/** The day's P&L as a small curve that ends at `today`; returns {push(today), draw()}. */
function mountSpark(root, figures) {
  const canvas = one("#day-curve", root);
  const { reset, resetZone } = document.documentElement.dataset;
  const began = Date.now() + minutesUntil(reset, resetZone, new Date()) * MINUTE_MS - DAY_MS;
  let values = [];
  const draw = () => sparkline(canvas, values, colour((values.at(-1) ?? 0) >= 0 ? "gain" : "loss"));
  const load = async () => {
    const today = number(figures.summary.today_pnl);
    const reply = await attempt(() =>
      get(CHART, { start: new Date(began).toISOString(), limit: SPARK_POINTS }),
    );
    const known = (reply?.chart_data ?? [])
      .map((point) => number(point.pnl))
      .filter((value) => value !== null);
    if (today !== null) values = [...known.map((value) => value - known.at(-1) + today), ...values];
    draw();
  };
  const push = (today) => {
    if (number(today) === null) return;
    values.push(number(today));
    if (values.length > SPARK_POINTS * 2)
      values = values.filter((_, i) => i % 2 === 0 || i === values.length - 1);
    requestAnimationFrame(draw);
  };
  load();
  return { push, draw };
}

/** The calendar; a chosen day puts that day's activity in place of the live one. */
function mountDays(root, log) {
  const note = one("#day-note", root);
  const calendar = new Calendar(one(".cal", root), async (date) => {
    const reply = date && (await attempt(() => get("/api/log", { day: date, limit: LINES })));
    note.hidden = !reply;
    if (!reply) {
      log.unpin();
      return;
    }
    log.pin(reply.items.toReversed());
    setText(one("span", note), `Only ${date}`);
  });
  one("button", note).addEventListener("click", () => calendar.release());
  return calendar;
}
