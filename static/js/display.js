/**
 * How the pages look in this browser: theme and P&L colours, kept in cookies so that the server
 * renders them.
 */
import { one } from "./dom.js";
import { keysOn, switchKeys } from "./keys.js";

const YEAR_S = 31536000;
const root = document.documentElement;

function keep(name, value) {
  document.cookie = `${name}=${value};path=/;max-age=${YEAR_S};samesite=lax`;
}

/** Announce that colours changed, for what is drawn on a canvas. */
function recolour() {
  document.dispatchEvent(new Event("recolour"));
}

function setTheme(theme) {
  root.dataset.theme = theme;
  keep("theme", theme);
  recolour();
}

function setColours(colours) {
  root.dataset.pnl = colours;
  keep("pnl", colours);
  recolour();
}

/** Whether the page is dark now, also when it follows the system. */
function isDark() {
  if (root.dataset.theme !== "auto") return root.dataset.theme !== "light";
  return window.matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Wire the theme button and the display dialog; returns {toggleTheme, open}. */
export function mountDisplay() {
  const dialog = one("#display");
  const theme = one("#display-theme");
  const colours = one("#display-pnl");
  const keys = one("#display-keys");
  const toggleTheme = () => setTheme(isDark() ? "light" : "dark");
  const open = () => {
    if (dialog.open) return;
    theme.value = root.dataset.theme;
    colours.value = root.dataset.pnl;
    keys.checked = keysOn();
    dialog.showModal();
  };
  theme.addEventListener("change", () => setTheme(theme.value));
  colours.addEventListener("change", () => setColours(colours.value));
  keys.addEventListener("change", () => switchKeys(keys.checked));
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
  one("#theme").addEventListener("click", toggleTheme);
  one("#open-display").addEventListener("click", open);
  return { toggleTheme, open };
}
