/**
 * One alert: the raw body can be copied, and the trace renews itself while the alert is still on
 * its way.
 */
import { mountCopy } from "../copy.js";

const PAUSE_MS = 800;

/** Mount the page; `data` is {alert_id}. */
export function mount(root, data, { feed }) {
  let waiting = false;
  mountCopy(root);
  feed.on("log_entry", ["log"], (entry) => {
    if (String(entry.alert_id) !== String(data.alert_id) || waiting) return;
    waiting = true;
    setTimeout(() => window.location.reload(), PAUSE_MS);
  });
}
