/** Open positions: the live table, and closing one after a question. */
import { get, post } from "./api.js";
import { confirm } from "./dialogs.js";
import { make } from "./dom.js";
import { average, number, pnl, price, quantity, sgn } from "./fmt.js";
import { setAttr, setPnl, setText } from "./live.js";
import { within } from "./scope.js";
import { LiveTable, pnlCell } from "./table.js";
import { attempt, toast } from "./toast.js";
import { sideOf } from "./words.js";

const PHONE = "(max-width: 640px)";
const WIDE = "(min-width: 1680px)";

/** A row of the table from a position of the wire; `open` and `size` are numbers to sort by. */
function rowOf(position) {
  const { account_id: account, strategy_id: strategy, symbol, net_quantity: held } = position;
  return {
    ...position,
    id: [account, strategy, symbol].join("|"),
    side: sideOf(held),
    size: Math.abs(number(held)),
    last: number(position.last_price),
    open: number(position.unrealized_pnl),
    strategy: position.strategy_name ?? (strategy ? `Strategy ${strategy}` : "Manual"),
    account: position.account_name,
  };
}

const tagCell = () => make("span", { className: "tag" });

function closeCell(current) {
  const button = make("button", { type: "button", className: "mini", textContent: "Close" });
  button.dataset.needsLive = "";
  button.disabled = document.documentElement.dataset.conn === "lost";
  button.addEventListener("click", () => close(current()));
  return button;
}

function symbolCell(current) {
  const button = make("button", { type: "button", className: "plain" });
  button.addEventListener("click", () => close(current()));
  return button;
}

const lastPrice = (row) => price(row.last_price, row.tick_size);

/** Open P&L, or the age of the last price when that is too old to value the position. */
function openPnl(row) {
  return row.open === null && row.stale ? `– ${Math.round(row.quote_age_s)} s old` : pnl(row.open);
}

const COLUMNS = {
  symbol: { title: "Symbol", key: "symbol", width: "minmax(88px,1fr)", cls: "sym" },
  side: {
    title: "Side",
    key: "side",
    width: "56px",
    make: tagCell,
    paint: (node, row) => setText(node, row.side),
  },
  size: {
    title: "Qty",
    key: "size",
    width: "52px",
    num: true,
    text: (row) => quantity(String(row.size)),
  },
  entry: {
    title: "Entry",
    key: "avg_price",
    width: "minmax(92px,.8fr)",
    num: true,
    cls: "dim",
    text: (row) => average(row.avg_price),
    hint: (row) => price(row.avg_price),
  },
  last: {
    title: "Last",
    key: "last",
    width: "minmax(78px,.8fr)",
    num: true,
    flash: true,
    text: lastPrice,
    stale: (row) => row.stale === true,
  },
  open: {
    title: "Open P&L",
    key: "open",
    width: "minmax(100px,1fr)",
    num: true,
    make: pnlCell,
    paint: (node, row) => setPnl(node, openPnl(row), sgn(row.open)),
  },
  strategy: {
    title: "Strategy",
    key: "strategy",
    width: "minmax(116px,1.6fr)",
    cls: "dim",
    pad: true,
  },
  account: { title: "Account", key: "account", width: "minmax(90px,1.2fr)", cls: "dim" },
  close: {
    title: "Actions",
    width: "66px",
    num: true,
    make: closeCell,
    paint: (node, row) => setAttr(node, "aria-label", `Close ${row.symbol}, ${row.strategy}`),
  },
};

/** On a phone a tap on the symbol opens what the missing columns would show. */
function columns(one) {
  const { symbol, side, size, entry, last, open, strategy, account, close: action } = COLUMNS;
  if (window.matchMedia(PHONE).matches) {
    const tap = { make: symbolCell, paint: (node, row) => setText(node, row.symbol) };
    return [{ ...symbol, ...tap }, side, size, open];
  }
  if (one) return [symbol, side, size, entry, last, open, strategy, action];
  const spread = window.matchMedia(WIDE).matches
    ? [strategy, { ...account, width: "minmax(140px,1.2fr)" }]
    : [strategy, account];
  return [symbol, side, size, entry, last, open, ...spread, action];
}

/** What closing a position does, in words. */
function sentenceOf(row) {
  const verb = row.side === "Long" ? "Sell" : "Buy";
  return `${verb} ${quantity(String(row.size))} ${row.symbol} at market, so that ${row.strategy} is flat.`;
}

async function close(row) {
  const sure = await confirm({
    title: `Close ${row.symbol}?`,
    sentence: sentenceOf(row),
    facts: [
      ["Position", `${row.side} ${quantity(String(row.size))} at ${average(row.avg_price)}`],
      ["Last price", lastPrice(row)],
      ["Open P&L now", openPnl(row), sgn(row.open)],
      ["Account", row.account],
    ],
    go: "Close position",
    stay: "Keep position",
    danger: true,
  });
  if (!sure) return;
  const { strategy_id, account_id, symbol } = row;
  const answer = await attempt(() =>
    post("/api/positions/close", { strategy_id, account_id, symbol }),
  );
  if (answer) toast(answer.message);
}

/** Fill `element` with positions and keep it live; `scope` may name a strategy and an account. */
export function mountPositions(element, positions, feed, scope = {}) {
  const alone = Boolean(scope.account_id);
  const wide = alone ? "620px" : "776px";
  const table = new LiveTable(element, columns(alone), {
    sort: { key: "open", dir: -1 },
    label: "Open positions",
    minWidth: window.matchMedia(PHONE).matches ? "" : wide,
  });
  const held = (position) => number(position.net_quantity) !== 0;
  const ours = within(scope);
  table.replace(positions.filter(held).map(rowOf));
  const show = (position) => {
    const row = rowOf(position);
    if (held(position)) table.put(row);
    else table.drop(row.id);
  };
  // What is told while a snapshot is under way may be newer than it, and is shown again after it.
  let meanwhile = null;
  feed.on("position_update", ["positions"], (payload) => {
    const told = payload.positions.filter(ours);
    told.forEach(show);
    meanwhile?.push(...told);
  });
  feed.onCatchUp(async () => {
    meanwhile = [];
    try {
      const { items } = await get("/api/positions", { page_size: 1000, ...scope });
      table.replace(items.filter(held).map(rowOf));
      meanwhile.forEach(show);
    } finally {
      meanwhile = null;
    }
  });
  return table;
}
