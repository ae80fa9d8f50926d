/** Which markets are open: the chip in the top bar and the lists of hours. */
import { get } from "./api.js";
import { all, one } from "./dom.js";
import { duration, weekday } from "./fmt.js";
import { setAttr, setText } from "./live.js";
import { attempt } from "./toast.js";

const WORDS = { pre: "pre-market", regular: "open", post: "after hours", closed: "closed" };
const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
/** How long an opening may be overdue before the server is asked, and how often it is. */
const PATIENCE_MS = 5_000;
const LOOK_MS = 15_000;
const known = new Map();

/** When the market turns next: ", closes in 2 h 13 m"; nothing for one that never does. */
export function until({ session, next_open: opens, next_close: closes }, now) {
  const [word, next] = session === "regular" ? ["closes", closes] : ["opens", opens];
  if (!next) return "";
  const minutes = Math.max(1, Math.ceil((new Date(next) - now) / MINUTE_MS));
  return minutes < DAY_MINUTES
    ? `, ${word} in ${duration(minutes)}`
    : `, ${word} ${weekday(next)}`;
}

/** Whether what was to come next should have been told by now. */
export function overdue({ session, next_open: opens, next_close: closes }, now) {
  const next = session === "regular" ? closes : opens;
  return Boolean(next) && now - new Date(next) > PATIENCE_MS;
}

function show() {
  const now = new Date();
  for (const node of all("[data-market]")) {
    const state = known.get(node.dataset.market);
    if (!state) continue;
    setAttr(node, "data-session", state.session);
    for (const word of all("[data-word]", node)) setText(word, WORDS[state.session]);
    for (const rest of all("[data-until]", node)) setText(rest, until(state, now));
  }
}

async function refresh() {
  const { markets } = await get("/api/market-status");
  for (const each of markets) known.set(each.name, each);
  show();
}

/** Open the list below its chip. */
function place({ newState }) {
  if (newState !== "open") return;
  const { right } = one("#market").getBoundingClientRect();
  one("#markets").style.right = `${document.documentElement.clientWidth - right}px`;
}

/** Keep the hours as the server tells them; a server that stands by tells of no change. */
export function mountMarket(feed) {
  feed.on("market_status_changed", ["market"], (state) => {
    known.set(state.market, state);
    show();
  });
  feed.onCatchUp(refresh);
  one("#markets").addEventListener("beforetoggle", place);
  setInterval(() => {
    const now = new Date();
    if (!document.hidden && [...known.values()].some((each) => overdue(each, now)))
      attempt(refresh);
    show();
  }, LOOK_MS);
}
