/** The live table of strategies in the control center. */
import { get } from "./api.js";
import { make } from "./dom.js";
import { drawdown, number, pnl, quantity, sgn, stamp } from "./fmt.js";
import { setAttr, setPnl, setText } from "./live.js";
import { onStops } from "./stops.js";
import { showState, stateSwitch } from "./switch.js";
import { LiveTable, pnlCell } from "./table.js";

const PHONE = "(max-width: 640px)";
const WIDE = "(min-width: 1600px)";
const STOPPED = { halted: "halted", reducing: "only exits" };

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
  return {
    id: item.strategy_id,
    total: number(item.pnl),
    open: number(item.open_pnl),
    today: number(item.today_pnl),
    depth: number(item.drawdown),
  };
}

/** What each strategy holds, added up over its accounts and symbols. */
class Holdings {
  constructor() {
    this.books = new Map();
  }

  /** Take positions of the wire. */
  take(positions) {
    for (const each of positions) {
      const key = `${each.strategy_id}|${each.account_id}|${each.symbol}`;
      this.books.set(key, [each.strategy_id, number(each.net_quantity)]);
    }
  }

  /** Sum for one strategy. */
  of(id) {
    return [...this.books.values()].reduce(
      (sum, [owner, held]) => (owner === id ? sum + held : sum),
      0,
    );
  }
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
  width: "minmax(90px,1.6fr)",
  cls: "sym",
  make: () => make("a"),
  paint: (node, row) => {
    const stopped = STOPPED[row.trading_state.state];
    setText(node, stopped ? `${row.name} (${stopped})` : row.name);
    setAttr(node, "title", row.trading_state.sentence ?? "");
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
  if (window.matchMedia(PHONE).matches)
    return [name, { ...today, width: "102px" }, toggle(true, "134px")];
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
  const lastAlert = {
    title: "Last alert",
    key: "last_alert_at",
    width: "104px",
    num: true,
    cls: "dim",
    text: (row) => stamp(row.last_alert_at),
  };
  const symbol = { title: "Symbol", key: "symbol", width: "76px", cls: "dim" };
  const middle = [symbol, position, today, amount("Open P&L", "open", "minmax(104px,1fr)")];
  if (!window.matchMedia(WIDE).matches) return [name, ...middle, toggle(false, "206px")];
  return [
    name,
    ...middle,
    amount("P&L in all", "total", "minmax(110px,1fr)"),
    depth,
    lastAlert,
    toggle(false, "206px"),
  ];
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
    for (const item of payload.items)
      if (table.rows.has(item.strategy_id)) table.put(changeOf(item));
  });
  mountHoldings(table, feed);
  onStops((stops) => mark(table, stops));
  return table;
}

/** Show which strategies are stopped by their own switch. */
function mark(table, stops) {
  const found = new Map(
    stops.filter(({ scope }) => scope === "strategy").map((stop) => [stop.id, stop]),
  );
  for (const id of table.rows.keys())
    table.put({ id, trading_state: found.get(id) ?? { state: "active" } });
}

/** Keep the column of positions live. */
function mountHoldings(table, feed) {
  const holdings = new Holdings();
  const put = (id) => table.rows.has(id) && table.put({ id, position: holdings.of(id) });
  feed.on("position_update", ["positions"], ({ positions }) => {
    holdings.take(positions);
    for (const id of new Set(positions.map((each) => each.strategy_id))) put(id);
  });
  feed.onCatchUp(async () => {
    const { items } = await get("/api/positions", { page_size: 1000 });
    holdings.books.clear();
    holdings.take(items);
    for (const id of table.rows.keys()) put(id);
  });
}
