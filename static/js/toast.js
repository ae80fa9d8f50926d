/** Short messages at the edge of the page: the result of an action, in the action's own verb. */
import { make, one } from "./dom.js";

const MOST = 3;
const STAYS_MS = { ok: 5000, bad: 12000 };

/** Show a sentence; tone is "ok" or "bad" (read out at once, stays longer). */
export function toast(sentence, tone = "ok") {
  const close = make("button", { type: "button", className: "mini", textContent: "Hide" });
  const note = make("div", { className: "toast", role: tone === "bad" ? "alert" : "status" });
  note.dataset.tone = tone;
  note.append(make("span", { textContent: sentence }), close);
  close.addEventListener("click", () => note.remove());
  const stack = one("#toasts");
  stack.append(note);
  while (stack.childElementCount > MOST) stack.firstElementChild.remove();
  setTimeout(() => note.remove(), STAYS_MS[tone]);
}

/** Run an action and say what failed, if it failed; gives its result or undefined. */
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    if (error.name !== "ApiError") throw error;
    toast(error.message, "bad");
    return undefined;
  }
}
