/**
 * Keyboard: Ctrl K searches, single keys act, "g" and a letter goes to a page; none of them inside
 * a field.
 */
const GO_MS = 1200;
const FIELD = "input, select, textarea, [contenteditable]";
const SWITCH = "signalbox.keys";

/** Whether single keys are on (they can be switched off, WCAG 2.1.4). */
export const keysOn = () => localStorage.getItem(SWITCH) !== "off";

/** Switch single keys on or off in this browser. */
export const switchKeys = (on) => localStorage.setItem(SWITCH, on ? "on" : "off");

/** Listen; `single` maps a key to an action, `go` maps the letter after g to a path. */
export function mountKeys({ search, single, go }) {
  let pressedG = -Infinity;
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k")
      return act(event, search);
    if (event.ctrlKey || event.metaKey || event.altKey || !keysOn()) return undefined;
    if (event.target.closest(FIELD) || document.querySelector("dialog[open]")) return undefined;
    if (event.timeStamp - pressedG < GO_MS && event.key in go) {
      return act(event, () => window.location.assign(go[event.key]));
    }
    pressedG = event.key === "g" ? event.timeStamp : -Infinity;
    return event.key in single ? act(event, single[event.key]) : undefined;
  });
}

/** The key is used up: it must not be typed into the field that the action opens. */
function act(event, action) {
  event.preventDefault();
  action();
}
