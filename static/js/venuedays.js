/** An account's last days by its venue's own count, beside ours. */
import { get } from "./api.js";
import { make, one } from "./dom.js";
import { money, number, pnl, sgn } from "./fmt.js";

const EVERY_MS = 120000;
const DAY = new Intl.DateTimeFormat("en-US", {
  weekday: "short",
  month: "short",
  day: "numeric",
  timeZone: "UTC",
});

function amount(value, text, title) {
  const cell = make("td", { className: "num", title }, text);
  if (number(value) === null) cell.classList.add("dim");
  return cell;
}

/** A row; what is not known is a dash. */
function rowOf(day, venue) {
  const change = amount(day.venue_pnl, pnl(day.venue_pnl), `Worth ${money(day.equity)} at ${venue}`);
  const difference = amount(day.difference, pnl(day.difference), "");
  if (sgn(day.difference)) difference.classList.add("differs");
  const name = make("td", { className: "nowrap" }, DAY.format(new Date(day.day)));
  return make("tr", {}, name, change, amount(day.our_pnl, pnl(day.our_pnl), ""), difference);
}

function show(card, days, venue) {
  one("tbody", card).replaceChildren(...days.map((day) => rowOf(day, venue)));
  one(".scroll-x", card).hidden = !days.length;
  say(card, days.length ? "" : `${venue} has no day of this account yet.`);
}

function say(card, words) {
  const place = one("[data-none]", card);
  place.textContent = words;
  place.hidden = !words;
}

/**
 * Return what is told of each state of the connection: while the venue can be heard, it is asked
 * every two minutes.  An error leaves what was told before, and says so.
 */
export function mountVenueDays(card, path, { venue_title: venue }) {
  let asked = null;
  const load = async () => {
    try {
      show(card, (await get(`${path}/venue-history`)).days, venue);
    } catch (error) {
      if (error.name !== "ApiError") throw error;
      say(card, error.message);
    }
  };
  return ({ connected, stream }) => {
    if (asked === null && !connected) say(card, `${venue} is not asked while it is disconnected.`);
    if (!stream?.up || (asked !== null && performance.now() - asked < EVERY_MS)) return;
    asked = performance.now();
    load();
  };
}
