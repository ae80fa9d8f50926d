/** List of strategies: the switches work, and each strategy's P&L moves. */
import { all } from "../dom.js";
import { pnl, sgn } from "../fmt.js";
import { dirty, onPaint, setPnl } from "../live.js";
import { mountSwitches } from "../switch.js";

/** Mount the page; it needs no data of its own. */
export function mount(root, _data, { feed }) {
  const cells = new Map(all("[data-pnl-of]", root).map((cell) => [cell.dataset.pnlOf, cell]));
  const latest = new Map();
  mountSwitches(root);
  feed.on("strategy_pnl_update", ["strategies"], (payload) => {
    for (const item of payload.items) latest.set(String(item.strategy_id), item.pnl);
    dirty();
  });
  onPaint(() => {
    for (const [id, value] of latest) {
      if (cells.has(id)) setPnl(cells.get(id), pnl(value), sgn(value));
    }
    latest.clear();
  });
}
