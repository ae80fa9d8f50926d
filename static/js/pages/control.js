/** Control center: strategies with their switches, ticket, live log and recent alerts. */
import { get } from "../api.js";
import { one } from "../dom.js";
import { mountLog } from "../log.js";
import { mountRecent } from "../recent.js";
import { mountStrategies } from "../strategies.js";
import { mountTicket } from "../ticket.js";

const LINES = 1000;

/** Mount the page; `data` is {strategies, alerts, accounts, log}. */
export function mount(root, data, { feed }) {
  const log = mountLog(one("#log", root), data.log);
  mountStrategies(one("#strategies", root), data.strategies, feed);
  mountTicket(one("#ticket", root));
  mountRecent(one("#recent", root), one("#no-alerts", root), data.alerts, feed);
  feed.on("log_entry", ["log"], (entry) => log.add(entry));
  feed.onCatchUp(async () => {
    const { items } = await get("/api/log", { after: log.lastFact, limit: LINES });
    for (const entry of items) log.add(entry);
  });
}
