/** The working orders of one account, and cancelling one after a question. */
import { get, post } from "./api.js";
import { confirm } from "./dialogs.js";
import { make, one } from "./dom.js";
import { plural, price, quantity, stamp } from "./fmt.js";
import { setText } from "./live.js";
import { attempt, toast } from "./toast.js";
import { wordOf } from "./words.js";

const SOON_MS = 300;
const MOST = 100;

/** "Buy 2 ESZ2026 limit at 5000". */
function sentenceOf(order) {
  const at = order.limit_price ?? order.stop_price;
  const how = wordOf(order.type).toLowerCase();
  const where = at === null ? "" : ` at ${price(at)}`;
  return `${wordOf(order.side)} ${quantity(order.quantity)} ${order.symbol} ${how}${where}`;
}

function stateOf(order) {
  const filled = Number(order.filled_quantity) ? `, ${quantity(order.filled_quantity)} filled` : "";
  const whose = order.strategy_name ?? "Manual";
  return `${whose}, ${wordOf(order.state).toLowerCase()}${filled}, since ${stamp(new Date(order.created_at))}`;
}

function rowOf(order) {
  const button = make("button", { type: "button", className: "mini", textContent: "Cancel" });
  button.setAttribute("aria-label", `Cancel ${sentenceOf(order)}`);
  button.dataset.needsLive = "";
  button.disabled = order.state === "pending_cancel";
  button.addEventListener("click", () => cancel(order));
  const what = make("div", { className: "what" });
  what.append(
    make("span", { textContent: sentenceOf(order) }),
    make("span", { className: "sub", textContent: stateOf(order) }),
  );
  return make("li", {}, what, make("span", { className: "spacer" }), button);
}

async function cancel(order) {
  const sure = await confirm({
    title: "Cancel this order?",
    sentence: `${sentenceOf(order)}.`,
    go: "Cancel order",
    stay: "Keep order",
    danger: true,
  });
  const answer = sure && (await attempt(() => post(`/api/orders/${order.id}/cancel`)));
  if (answer) toast("Being cancelled. It leaves the list when the venue says so.");
}

/** Fill the list and keep it true; `account` is its id. */
export function mountOrders(root, orders, account, feed) {
  const list = one("#orders", root);
  const show = (items, total) => {
    list.replaceChildren(...items.map(rowOf));
    list.hidden = items.length === 0;
    one("#no-orders", root).hidden = items.length > 0;
    const most = total > items.length ? `the newest ${items.length} of ${total}` : "";
    setText(one("#orders-count", root), most || (total ? plural(total, "order") : ""));
  };
  const load = async () => {
    const query = { account_id: account, state: "working", page_size: MOST };
    const { items, total_items: total } = await get("/api/orders", query);
    show(items, total);
  };
  let timer = null;
  feed.on("log_entry", ["log"], (entry) => {
    if (entry.account_id !== account) return;
    clearTimeout(timer);
    timer = setTimeout(() => attempt(load), SOON_MS);
  });
  feed.onCatchUp(load);
  show(orders, orders.length);
}
