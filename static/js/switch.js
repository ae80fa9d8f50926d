/** The three-way switch of a strategy: on, no new entries, off. */
import { post } from "./api.js";
import { all, make } from "./dom.js";
import { setAttr } from "./live.js";
import { attempt, toast } from "./toast.js";

const WORDS = { on: "On", no_new_entries: "No new entries", off: "Off" };
const SHORT = { ...WORDS, no_new_entries: "No new" };
const RESULT = {
  on: "is on: alerts are executed",
  no_new_entries: "takes no new entries: only exits are executed",
  off: "is off: alerts are recorded and refused",
};

/** Show `state` on a switch that was built here or by the server. */
export function showState(group, state) {
  for (const button of group.children)
    setAttr(button, "aria-pressed", String(button.dataset.value === state));
}

/** Build a switch; `strategy()` gives {id, name, state} of the moment. */
export function stateSwitch(strategy, { short = false } = {}) {
  const words = short ? SHORT : WORDS;
  const buttons = Object.entries(words).map(([value, word]) => {
    const button = make("button", { type: "button", textContent: word, title: WORDS[value] });
    button.dataset.value = value;
    return button;
  });
  const group = make("div", { className: "seg state-seg", role: "group" }, ...buttons);
  wireSwitch(group, strategy);
  return group;
}

/** Make the buttons of a switch work. */
export function wireSwitch(group, strategy) {
  for (const button of group.children) {
    button.addEventListener("click", () => change(group, strategy(), button.dataset.value));
  }
}

async function change(group, strategy, state) {
  if (strategy.state === state) return;
  group.setAttribute("aria-busy", "true");
  const answer = await attempt(() => post(`/api/strategies/${strategy.id}/state`, { state }));
  group.removeAttribute("aria-busy");
  if (!answer) return;
  strategy.state = state;
  showState(group, state);
  toast(`${strategy.name} ${RESULT[state]}.`);
}

/** Wire every switch that the server rendered inside `root`. */
export function mountSwitches(root) {
  for (const group of all("[data-switch]", root)) {
    const { id, name, state } = group.dataset;
    const strategy = { id, name, state };
    wireSwitch(group, () => strategy);
  }
}
