/** What every signed-in page has: clock, connection, halt, search, keys, display. */
import { get } from "./api.js";
import { mountHalt, mountQuestions, showHalted, showTrouble } from "./dialogs.js";
import { mountDisplay } from "./display.js";
import { all, one } from "./dom.js";
import { clock, duration, minutesUntil, zoneName } from "./fmt.js";
import { mountKeys } from "./keys.js";
import { mountMarket } from "./market.js";
import { mountSearch } from "./search.js";
import { Feed } from "./socket.js";
import { mountStops } from "./stops.js";
import { attempt } from "./toast.js";

const WORDS = { joining: "Connecting", live: "Live", stale: "Stale", lost: "Lost" };
const root = document.documentElement;

function mountClock() {
  const now = one("#clock-now");
  const rest = one("#clock-rest");
  const { reset, resetZone } = root.dataset;
  const tick = () => {
    const at = new Date();
    now.textContent = clock(at);
    rest.textContent = ` ${zoneName()}, reset in ${duration(minutesUntil(reset, resetZone, at))}`;
    one(".clock").title = at.toISOString();
    setTimeout(tick, 1000 - (Date.now() % 1000));
  };
  tick();
}

/** Show the connection by shape, word and age; without it, buttons that trade are off. */
function showConnection(state, seconds) {
  const sign = one("#connection");
  const text =
    state === "live" || state === "joining" ? WORDS[state] : `${WORDS[state]}, ${seconds} s`;
  root.dataset.conn = state;
  sign.dataset.state = state;
  one("[data-word]", sign).textContent = text;
  const said = one("[data-said]", sign);
  if (said.textContent !== WORDS[state]) said.textContent = WORDS[state];
  for (const button of all("[data-needs-live]")) button.disabled = state === "lost";
}

/** Keep the number of differences that wait for a decision beside the page's name. */
function mountDriftCount(feed) {
  const renew = async () => {
    const { open } = await get("/api/drift", { state: "open" });
    for (const badge of all("[data-drift-count]")) {
      badge.hidden = !open;
      badge.firstChild.nodeValue = String(open);
    }
  };
  feed.on("log_entry", ["log"], (entry) => {
    if (entry.type === "DriftFound" || entry.type === "DriftResolved") attempt(renew);
  });
}

function entries(halt, display) {
  const go = (label, path) => ({ label, kind: "Page", run: () => window.location.assign(path) });
  return [
    go("Dashboard", "/dashboard"),
    go("Control center", "/control"),
    go("Strategies", "/strategies"),
    go("New strategy", "/strategies/new"),
    go("Alerts", "/alerts"),
    go("Accounts", "/accounts"),
    go("Funded accounts", "/funded"),
    go("Rule sets", "/funded/rules"),
    go("News", "/funded/news"),
    go("Add-on keys", "/funded/keys"),
    go("Journal", "/journal"),
    go("Metrics", "/metrics"),
    go("Reconciliation", "/drift"),
    go("Notifications", "/settings/notifications"),
    go("API tokens", "/settings/tokens"),
    go("About", "/about"),
    { label: "Halt all trading", kind: "Action", run: halt },
    { label: "Switch theme", kind: "Action", run: display.toggleTheme },
    { label: "Display and keys", kind: "Action", run: display.open },
  ];
}

/** Wire the frame and return {feed}; the page adds its handlers, then `feed.start()` is called. */
export function mountShell() {
  const halt = mountHalt();
  const display = mountDisplay();
  const search = mountSearch(entries(halt, display));
  mountQuestions(document);
  mountClock();
  mountKeys({
    search,
    single: {
      t: display.toggleTheme,
      H: halt,
      "?": display.open,
      "/": () => one("[data-search]")?.focus(),
    },
    go: { d: "/dashboard", c: "/control", s: "/strategies", a: "/alerts" },
  });
  const feed = new Feed({ connect: window.io });
  feed.onState(showConnection);
  mountDriftCount(feed);
  mountStops(feed);
  mountMarket(feed);
  feed.on("pnl_update", ["pnl"], (payload) => {
    if (typeof payload.halted === "boolean") showHalted(payload.halted);
    // Only a server that trades sends figures each second.
    for (const notice of all("#standby")) notice.hidden = true;
    if (payload.trouble !== undefined) showTrouble(payload.trouble);
  });
  return { feed };
}
