/** What the add-on of an account tells: its connection, how its messages arrive, what it holds. */
import { get } from "./api.js";
import { all, one } from "./dom.js";
import { plural, quantity } from "./fmt.js";
import { setAttr, setText } from "./live.js";

const EVERY_MS = 5000;
const NONE = "None";
const UNKNOWN = "unknown";

/** Keep the card of the add-on fresh; a page without it, or an account not told of, has none. */
export function mountPlatform(root, path, feed) {
  const card = one("#platform", root);
  if (!card) return;
  const load = async () => {
    try {
      show(card, await get(`${path}/platform`));
    } catch (error) {
      if (error.name !== "ApiError") throw error;
      // The connection's sign says that the server cannot be reached.
    }
  };
  feed.onCatchUp(load);
  setInterval(() => document.hidden || load(), EVERY_MS);
}

function show(card, found) {
  const { told } = found;
  card.hidden = !told;
  if (!told) return;
  const linked = told.connection_status === "Connected";
  setAttr(one("[data-told=link]", card), "data-tone", linked ? "ok" : "bad");
  const words = { ...wordsOf(found), link: told.connection_status ?? UNKNOWN };
  for (const node of all("[data-told]", card)) setText(node, words[node.dataset.told]);
}

function wordsOf({ told, ...how }) {
  return {
    versions: `Add-on ${how.addon_version ?? UNKNOWN}, NinjaTrader ${how.platform_version ?? UNKNOWN}`,
    connection: `${told.connection ?? UNKNOWN}${told.is_simulated ? ", simulated" : ""}`,
    messages: `Number ${how.last_seq ?? UNKNOWN}, ${missing(how)}`,
    clock: clockOf(how),
    positions: listed(told.positions, heldOf),
    orders: listed(told.orders, orderOf),
  };
}

function missing({ behind, missing: count }) {
  if (!count) return behind ? "a newer one waits for a snapshot" : "none missing";
  return `${count} missing and asked for again`;
}

function clockOf({ clock_behind_s: behind, clock_off: off }) {
  if (behind === null) return UNKNOWN;
  if (!off) return "Agrees with the server's";
  const size = plural(Math.round(Math.abs(behind)), "second");
  return `${size} ${behind > 0 ? "behind" : "ahead of"} the server's`;
}

function listed(items, write) {
  if (items === null) return UNKNOWN;
  return items.length ? items.map(write).join("; ") : NONE;
}

const heldOf = ({ instrument, net_quantity: net, average_price: average }) =>
  `${quantity(net)} ${instrument} at ${average ?? UNKNOWN}`;

function orderOf({ action, quantity: size, instrument, stop_price: stop, limit_price: limit, type }) {
  const price = stop ?? limit;
  const what = [action, size, instrument].filter(Boolean).join(" ");
  return price === null ? `${what}, ${type}` : `${what}, ${type} at ${price}`;
}
