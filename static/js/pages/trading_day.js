/** A trading day: its curve, with a mark where each round trip ended. */
import { get } from "../api.js";
import { colour, EquityChart } from "../chart.js";
import { one } from "../dom.js";
import { number, pnlShort, sgn } from "../fmt.js";
import { attempt } from "../toast.js";

const CHART = "/api/dashboard/pnl-drawdown-chart";
const POINTS = 1000;
const SECOND_MS = 1000;
/** More marks would cover the curve: then only the largest are named. */
const NAMED = 12;

/** Mount the page; `data` is {strategy_id, account_id, start, end, trips}. */
export function mount(root, data) {
  draw(root, data);
}

async function draw(root, data) {
  const points = data.start ? await read(data) : [];
  const begun = points.map((each) => number(each.pnl)).find((value) => value !== null) ?? 0;
  const plot = new EquityChart(one(".plot", root), -begun);
  plot.equity.applyOptions({ baseValue: { type: "price", price: 0 } });
  document.addEventListener("recolour", () => plot.recolour());
  one(".chart .empty", root).hidden = points.length > 0;
  plot.show(points);
  if (points.length) plot.trips(marks(data.trips));
}

async function read({ strategy_id, account_id, start, end }) {
  const last = new Date(Math.min(Date.now(), Date.parse(end) - SECOND_MS)).toISOString();
  if (last <= new Date(start).toISOString()) return [];
  const query = { strategy_id, account_id, start, end: last, limit: POINTS };
  const reply = await attempt(() => get(CHART, query));
  return reply?.chart_data ?? [];
}

/** Where each round trip ended, coloured by what it earned. */
function marks(trips) {
  const sizes = trips.map((each) => Math.abs(Number(each.net))).sort((a, b) => b - a);
  const least = sizes[NAMED] ?? -1;
  return trips.map((each) => ({
    at: each.closed_at,
    position: sgn(each.net) < 0 ? "belowBar" : "aboveBar",
    shape: each.direction === "long" ? "arrowUp" : "arrowDown",
    color: colour(sgn(each.net) < 0 ? "loss" : "gain"),
    text: Math.abs(Number(each.net)) > least ? pnlShort(each.net) : "",
  }));
}
