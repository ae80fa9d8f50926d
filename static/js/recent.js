/** Recent alerts with their outcome. */
import { get } from "./api.js";
import { make } from "./dom.js";
import { stamp } from "./fmt.js";
import { attempt } from "./toast.js";
import { toneOf, upper, wordOf } from "./words.js";

const SHOWN = 20;
const PAUSE_MS = 1000;

function row(alert) {
  const state = make("span", { className: "chip", textContent: wordOf(alert.state) });
  state.dataset.tone = toneOf(alert.state);
  const link = make(
    "a",
    { href: `/alerts/${alert.id}` },
    make("span", { className: "what", textContent: upper(alert.summary) }),
    make("time", { dateTime: alert.received_at, textContent: stamp(alert.received_at) }),
    make("span", { className: "line" }, make("span", { textContent: alert.strategy_name }), state),
  );
  if (alert.sentence) link.append(make("span", { className: "why", textContent: alert.sentence }));
  return make("li", {}, link);
}

/** Fill `list` and renew it, at most once a second, when an alert's story goes on. */
export function mountRecent(list, empty, alerts, feed) {
  let waiting = false;
  const show = (each) => {
    list.replaceChildren(...each.map(row));
    list.hidden = each.length === 0;
    empty.hidden = each.length > 0;
  };
  const renew = async () => {
    waiting = false;
    const reply = await attempt(() => get("/api/alerts", { page_size: SHOWN }));
    if (reply) show(reply.items);
  };
  show(alerts);
  feed.on("log_entry", ["log"], (entry) => {
    if (!entry.alert_id || waiting) return;
    waiting = true;
    setTimeout(renew, PAUSE_MS);
  });
  feed.onCatchUp(renew);
}
