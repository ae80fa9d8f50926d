/** Dashboard: key figures, equity and drawdown, calendar, open positions and activity, all live. */
import { get } from "../api.js";
import { Calendar } from "../calendar.js";
import { colour } from "../chart.js";
import { DayPanel } from "../day.js";
import { one } from "../dom.js";
import { mountEquity } from "../equity.js";
import { number } from "../fmt.js";
import { KeyFigures } from "../kpis.js";
import { setText } from "../live.js";
import { mountLog } from "../log.js";
import { mountPositions } from "../positions.js";
import { renewing } from "../renew.js";
import { isWhole, within } from "../scope.js";
import { sparkline } from "../spark.js";
import { attempt } from "../toast.js";

const CHART = "/api/dashboard/pnl-drawdown-chart";
const CALENDAR = "/api/dashboard/pnl-calendar";
const SPARK_POINTS = 120;
const LINES = 1000;
const DAY_MS = 24 * 3600 * 1000;
/** A day before a weekend and holidays; one that seems longer is of a clock that is not ours. */
const LONGEST_DAY_MS = 7 * DAY_MS;
/** What the browser's clock may be behind the server's. */
const SLACK_MS = 3000;

/** Mount the page; `data` is {summary, positions, log, accounts, scope, picked, day_ends}. */
export function mount(root, data, { feed }) {
  const { scope, picked } = data;
  const filters = { ...scope, ...picked };
  const ours = within(scope);
  const live = !picked.symbol && !picked.tag;
  const figures = new KeyFigures(one(".kpis", root), data.summary);
  const log = mountLog(one("#activity", root), data.log.filter(ours));
  const { calendar, panel } = mountDays(root, filters, log);
  mountPositions(one("#positions", root), data.positions, feed, scope);
  const curve = mountEquity(root, figures, scope);
  const day = mountSpark(root, figures, scope, Date.parse(data.day_ends) - DAY_MS);

  const show = (payload) => {
    figures.update(payload);
    if (live) calendar.today(payload.today_pnl);
    curve.push(payload.ts);
    day.push(payload.today_pnl);
  };
  const whole = async () => {
    figures.reset(await get("/api/summary", scope));
    if (calendar.current) await takeDays(calendar, filters, [calendar.current, calendar.current]);
  };
  mountFigures(feed, scope, show);
  const filled = renewing(() => Promise.all([whole(), panel.renew()]));
  feed.on("trade_executed", ["trades"], (trade) => ours(trade) && filled());
  feed.on("log_entry", ["log"], (entry) => ours(entry) && log.add(entry));
  feed.onCatchUp(whole);
  feed.onCatchUp(async () => takeDays(calendar, filters, calendar.extent));
  feed.onCatchUp(async () => {
    const { items } = await get("/api/log", { after: log.lastFact, limit: LINES });
    for (const entry of items.filter(ours)) log.add(entry);
  });
  feed.onCatchUp(async () => curve.load());
  document.addEventListener("recolour", () => {
    curve.recolour();
    day.draw();
  });
  mountQuery(one("#scope", root));
  mountNextDay(Date.parse(data.day_ends), panel);
}

/**
 * The figures of each second: those of everything are sent; those of a part are asked for when
 * something of it has moved.
 */
function mountFigures(feed, scope, show) {
  if (isWhole(scope)) {
    feed.on("pnl_update", ["pnl"], show);
    return;
  }
  const ours = within(scope);
  const ask = renewing(async () => show(await get("/api/summary", { ...scope, results: false })));
  feed.on("position_update", ["positions"], ({ positions }) => positions.some(ours) && ask());
}

async function takeDays(calendar, filters, extent) {
  if (!extent) return;
  const [start, end] = extent;
  const reply = await get(CALENDAR, { ...filters, start_date: start, end_date: end });
  calendar.take(reply.calendar_data);
}

/** The day's P&L as a small curve that ends at `today`; returns {push(today), draw()}. */
function mountSpark(root, figures, scope, began) {
  const canvas = one("#day-curve", root);
  let values = [];
  const draw = () => sparkline(canvas, values, colour((values.at(-1) ?? 0) >= 0 ? "gain" : "loss"));
  const load = async () => {
    const today = number(figures.summary.today_pnl);
    const reply = await attempt(() =>
      get(CHART, { ...scope, start: new Date(began).toISOString(), limit: SPARK_POINTS }),
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

/** The calendar and the panel of a day; a day's activity takes the place of the live one. */
function mountDays(root, filters, log) {
  const note = one("#day-note", root);
  const showActivity = async (date) => {
    const reply = await attempt(() => get("/api/log", { day: date, limit: LINES }));
    if (!reply) return;
    note.hidden = false;
    log.pin(reply.items.filter(within(filters)).toReversed());
    setText(one("span", note), `Only ${date}`);
    one("#activity", root).scrollIntoView({ block: "nearest" });
  };
  one("button", note).addEventListener("click", () => {
    note.hidden = true;
    log.unpin();
  });
  const calendar = new Calendar(one("#calendar", root), (date) => panel.open(date));
  const panel = new DayPanel(one("#day", root), filters, {
    beside: (date, step) => calendar.beside(date, step),
    closed: (date) => calendar.focus(date),
    noted: (date, note) => calendar.note(date, note),
    showActivity,
  });
  return { calendar, panel };
}

/** What the form leaves open is not in the address, and the range of the curve stays in it. */
function mountQuery(form) {
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (!value) formData.delete(name);
    const query = new URLSearchParams(location.search);
    for (const name of ["range", "from", "to"])
      if (query.has(name)) formData.set(name, query.get(name));
  });
}

/** When the trading day ends, today's cell is another one: the page starts anew. */
function mountNextDay(ends, panel) {
  const left = ends - Date.now();
  if (left < 0 || left > LONGEST_DAY_MS) return;
  setTimeout(() => {
    if (!panel.dialog.open) location.reload();
    else panel.dialog.addEventListener("close", () => location.reload());
  }, left + SLACK_MS);
}
