/**
 * The money of accounts: by our books at once, and the venue's word when it comes.  What is unknown
 * says so, and is never shown as zero.
 */
import { get } from "./api.js";
import { all, one } from "./dom.js";
import { clock, money, number, plural, pnl, sgn, stamp } from "./fmt.js";
import { setAttr, setPnl, setText } from "./live.js";

const EVERY_MS = 5000;
const SOON_MS = 300;
const UNKNOWN = "unknown";
const COUNTS = { open_positions: "position", working_orders: "working order" };

const amount = (value) => (number(value) === null ? UNKNOWN : money(value));

function write(node, text) {
  if (!node) return;
  if (node.firstElementChild) node.replaceChildren();
  setText(node, text);
  node.classList.toggle("dim", text === UNKNOWN);
}

/** Show `figures` of GET /api/accounts/<id>/figures in `place`, a card or the head of a page. */
export function showFunds(place, figures) {
  const { venue, venue_problem: problem } = figures;
  write(one("[data-figure=equity]", place), amount(figures.equity));
  write(one("[data-figure=cash]", place), amount(figures.cash));
  write(one("[data-figure=buying_power]", place), venue ? amount(venue.buying_power) : UNKNOWN);
  for (const node of all("[data-pnl]", place)) {
    const value = number(figures[node.dataset.pnl]);
    const shown = one(".pnl", node);
    setPnl(shown, value === null ? UNKNOWN : pnl(value), sgn(value));
  }
  for (const node of all("[data-count]", place)) {
    const { count } = node.dataset;
    setText(node, plural(figures[count], COUNTS[count]));
  }
  note(one("[data-note=cash]", place), cashNote(figures));
  note(one("[data-note=venue]", place), venue ? `as of ${clock(new Date(venue.at))}` : "");
  // A card of the list holds all of it; on the page of one account it is spread over the page.
  const scope = one("[data-agree]", place) ? place : place.closest("main");
  showAgreement(scope, figures.agreement);
  const trouble = one("[data-trouble]", scope);
  trouble.hidden = !problem;
  setText(one("[data-said]", trouble), problem ?? "");
}

/** Whether our books and the venue agree, as templates/parts/account.html says it. */
function showAgreement(scope, { state, differences, checked_at: checked, linked }) {
  const chip = one("[data-agree]", scope);
  const words = { agree: "Agree with the venue", unknown: "Not compared yet" };
  setText(chip, words[state] ?? plural(differences, "difference"));
  setAttr(chip, "data-tone", { agree: "ok", differ: "bad" }[state] ?? "none");
  note(one("[data-checked]", scope), checked ? stamp(new Date(checked)) : "Not yet");
  const heard = linked ? "News come in" : "Down: nothing is heard";
  note(one("[data-linked]", scope), linked === null ? "None is needed" : heard);
}

/** Whether the venue's cash is ours, to the cent; what it does not answer now is what it said. */
function cashNote({ cash, venue, venue_problem: problem }) {
  if (!venue) return "";
  const [says, theirs] = [problem ? "said" : "says", money(venue.cash)];
  return `the venue ${says} ${theirs === money(cash) ? "the same" : theirs}`;
}

function note(node, text) {
  if (!node) return;
  if (node.firstElementChild) node.replaceChildren();
  setText(node, text || "\u00a0");
}

/**
 * Keep the figures of every [data-account] inside `root` fresh: each few seconds while the page is
 * looked at, and soon after something happened on the account.  Returns {soon(id)}.
 */
export function mountFunds(root, feed) {
  const places = new Map(
    all("[data-account]", root).map((place) => [place.dataset.account, { place }]),
  );
  const load = async (id) => {
    const entry = places.get(id);
    if (entry.asking) return;
    entry.asking = true;
    try {
      showFunds(entry.place, await get(`/api/accounts/${id}/figures`));
    } catch (error) {
      if (error.name !== "ApiError") throw error;
      // The connection's sign says that the server cannot be reached.
    } finally {
      entry.asking = false;
    }
  };
  const loadAll = () => Promise.all([...places.keys()].map(load));
  const soon = (id) => {
    const entry = places.get(id);
    if (!entry) return;
    clearTimeout(entry.timer);
    entry.timer = setTimeout(() => load(id), SOON_MS);
  };
  feed.on("log_entry", ["log"], (entry) => soon(entry.account_id));
  feed.onCatchUp(loadAll);
  setInterval(() => document.hidden || loadAll(), EVERY_MS);
  return { soon };
}
