/** The live table of strategies in the control center. */
import { get } from "./api.js";
import { make } from "./dom.js";
import { drawdown, number, pnl, quantity, sgn, stamp } from "./fmt.js";
import { setAttr, setPnl, setText } from "./live.js";
import { showState, stateSwitch } from "./switch.js";
import { LiveTable, pnlCell } from "./table.js";

const PHONE = "(max-width: 640px)";
const WIDE = "(min-width: 1600px)";

/** A row from a strategy of the wire; amounts become numbers to sort by. */
function rowOf(strategy) {
  return {
    ...strategy,
    position: number(strategy.position),
    today: number(strategy.today_pnl),
    total: number(strategy.pnl),
    open: number(strategy.open_pnl),
    depth: number(strategy.drawdown),
  };
}

/** What one line of strategy_pnl_update changes; what it leaves out stays as it was. */
function changeOf(item) {
  const change = { id: item.strategy_id, total: number(item.pnl), depth: number(item.drawdown) };
  if ("today_pnl" in item) change.today = number(item.today_pnl);
  if ("open_pnl" in item) change.open = number(item.open_pnl);
  if ("position" in item) change.position = number(item.position);
  return change;
}

const amount = (title, key, width) => ({
  title,
  key,
  width,
  num: true,
  make: pnlCell,
  paint: (node, row) => setPnl(node, pnl(row[key]), sgn(row[key])),
});

const name = {
  title: "Strategy",
  key: "name",
  width: "minmax(110px,1.6fr)",
  cls: "sym",
  make: () => make("a"),
  paint: (node, row) => {
    setText(node, row.name);
    setAttr(node, "href", `/strategies/${row.id}`);
  },
};

const toggle = (short, width) => ({
  title: "Takes alerts",
  key: "state",
  width,
  num: true,
  make: (current) => stateSwitch(current, { short }),
  paint: (node, row) => {
    setAttr(node, "aria-label", `${row.name} takes alerts`);
    showState(node, row.state);
  },
});

function columns() {
  const today = amount("P&L today", "today", "minmax(104px,1fr)");
  if (window.matchMedia(PHONE).matches) return [name, { ...today, width: "98px" }, toggle(true, "150px")];
  const position = {
    title: "Position",
    key: "position",
    width: "68px",
    num: true,
    text: (row) => (row.position === 0 ? "Flat" : quantity(row.position)),
  };
  const depth = {
    title: "Drawdown",
    key: "depth",
    width: "minmax(92px,1fr)",
    num: true,
    cls: "dim",
    text: (row) => drawdown(row.depth),
  };
  const lastAlert = { title: "Last alert", key: "last_alert_at", width: "104px", num: true, cls: "dim", text: (row) => stamp(row.last_alert_at) };
  const symbol = { title: "Symbol", key: "symbol", width: "62px", cls: "dim" };
  const middle = [symbol, position, today, amount("Open P&L", "open", "minmax(104px,1fr)")];
  if (!window.matchMedia(WIDE).matches) return [name, ...middle, toggle(false, "206px")];
  return [name, ...middle, amount("P&L in all", "total", "minmax(110px,1fr)"), depth, lastAlert, toggle(false, "206px")];
}

/** Fill `element` with strategies and keep it live; returns the table. */
export function mountStrategies(element, strategies, feed) {
  const phone = window.matchMedia(PHONE).matches;
  const table = new LiveTable(element, columns(), {
    sort: { key: "name", dir: 1 },
    label: "Strategies",
    minWidth: phone ? "" : "700px",
  });
  table.replace(strategies.map(rowOf));
  feed.on("strategy_pnl_update", ["strategies"], (payload) => {
    for (const item of payload.items) if (table.rows.has(item.strategy_id)) table.put(changeOf(item));
  });
  feed.onCatchUp(async () => {
    const { items } = await get("/api/strategies", { page_size: 1000 });
    table.replace(items.map(rowOf));
  });
  return table;
}
