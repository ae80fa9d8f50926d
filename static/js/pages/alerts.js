/** List of alerts: says when newer ones arrived, and leaves it to the reader to look. */
import { one } from "../dom.js";
import { plural } from "../fmt.js";
import { dirty, onPaint, setText } from "../live.js";

/** Mount the page; it needs no data of its own. */
export function mount(root, _data, { feed }) {
  const note = one("#fresh", root);
  const seen = new Set();
  feed.on("log_entry", ["log"], (entry) => {
    if (entry.alert_id) seen.add(entry.alert_id);
    dirty();
  });
  onPaint(() => {
    note.hidden = seen.size === 0;
    setText(
      one("p", note),
      `${plural(seen.size, "alert")} arrived or changed since this list was made.`,
    );
  });
}
