/** All accounts: their money stays fresh. */
import { mountFunds } from "../funds.js";

/** Mount the page; it needs no data of its own. */
export function mount(root, _data, { feed }) {
  mountFunds(root, feed);
}
