/** Words and tones of states, the same on every page. */
const TONES = {
  ok: ["executed", "filled", "done", "completed"],
  busy: [
    "received",
    "accepted",
    "queued",
    "claimed",
    "executing",
    "submitted",
    "working",
    "pending",
  ],
  warn: [
    "refused",
    "conflict",
    "denied",
    "duplicate",
    "invalid",
    "expired",
    "canceled",
    "skipped",
    "no_action",
  ],
  bad: ["failed", "rejected", "unknown", "error"],
};

/** Tone of a state: ok, busy, warn, bad, or none for a word that says nothing about success. */
export function toneOf(state) {
  return Object.keys(TONES).find((tone) => TONES[tone].includes(state)) ?? "none";
}

/** A state's name as people read it: "no_action" becomes "No action". */
export function wordOf(state) {
  return upper(String(state).replaceAll("_", " "));
}

/** A sentence that begins with a capital. */
export const upper = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Side of a signed quantity. */
export const sideOf = (quantity) => (Number(quantity) > 0 ? "Long" : "Short");
