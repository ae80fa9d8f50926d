/** One account, there already or about to be made: money, positions, orders, settings, faults. */
import { mountConnection } from "../connection.js";
import { one } from "../dom.js";
import { guardChanges } from "../editor.js";
import { mountFaults } from "../faults.js";
import { mountFunds } from "../funds.js";
import { mountOrders } from "../orders.js";
import { mountPositions } from "../positions.js";

/** Mount the page; `data` is {account?, connection?, positions?, orders?, presets}. */
export function mount(root, data, { feed }) {
  const form = one("#editor", root);
  if (form) {
    mountFaults(form, data.presets);
    guardChanges(form);
  }
  if (data.connection) mountConnection(root, data.connection);
  if (!data.account) return;
  mountFunds(root, feed);
  mountPositions(one("#positions", root), data.positions, feed, { account_id: data.account.id });
  mountOrders(root, data.orders, data.account.id, feed);
}
