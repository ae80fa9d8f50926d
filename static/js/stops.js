/** What is stopped: the notices of every page, and the buttons that halt and resume a part. */
import { get, post } from "./api.js";
import { confirm, showHalted } from "./dialogs.js";
import { all, make, one } from "./dom.js";
import { stamp } from "./fmt.js";
import { attempt, toast } from "./toast.js";

const TELLING = new Set(["TradingHalted", "TradingReduced", "TradingResumed"]);
const TITLES = { halted: "Trading is halted.", reducing: "Only orders that reduce pass." };
const WORDS = { active: "Trading", halted: "Halted", reducing: "Only exits" };
const watchers = [];

/** Call `watch(stops)` with what is stopped, as of GET /api/trading-states, whenever it changes. */
export function onStops(watch) {
  watchers.push(watch);
}

/** The colour of a stop: only what the server itself halted is bad. */
const toneOf = ({ state, reason }) => (state === "halted" && reason ? "bad" : "warn");

/** Wire every button that halts or resumes, and keep the notices as the server says. */
export function mountStops(feed) {
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-stop-open], [data-stop-resume]");
    if (!button) return;
    const { scope, id, name } = button.closest("[data-stop]").dataset;
    if (button.matches("[data-stop-open]")) ask({ scope, id, name });
    else resume({ scope, id, name });
  });
  one("#stop-dialog").addEventListener("change", label);
  feed.on("log_entry", ["log"], (entry) => TELLING.has(entry.type) && refresh());
  feed.onCatchUp(refresh);
}

/** Since when, by whom, and why. */
const said = ({ since, by, reason }) => `Since ${stamp(since)}, by ${by}. ${reason ?? ""}`.trim();

async function refresh() {
  show((await get("/api/trading-states", { page_size: 1000 })).items);
}

function show(stops) {
  const server = stops.find(({ scope }) => scope === "server");
  if (server) showServer(server);
  else if (document.documentElement.dataset.halted === "true") showHalted(false);
  const others = stops.filter((stop) => stop !== server);
  one("#stops").replaceChildren(...others.map(notice));
  for (const control of all(".stop-control")) {
    const { scope, id } = control.dataset;
    const found = others.find((stop) => stop.scope === scope && stop.id === id);
    showControl(control, found);
  }
  for (const watch of watchers) watch(stops);
}

function showServer(server) {
  const title = one("#halted strong");
  title.textContent = TITLES[server.state];
  one("#halted [data-said]").textContent = said(server);
  showHalted(true);
}

function showControl(control, stop) {
  const chip = one(".chip", control);
  chip.textContent = WORDS[stop ? stop.state : "active"];
  chip.dataset.tone = stop ? toneOf(stop) : "ok";
  chip.hidden = !stop;
  chip.title = stop ? stop.sentence : "";
  one("[data-stop-open]", control).hidden = Boolean(stop);
  one("[data-stop-resume]", control).hidden = !stop;
}

function notice(stop) {
  const what = stop.subject[0].toUpperCase() + stop.subject.slice(1);
  const text = make(
    "p",
    {},
    make("strong", { textContent: `${what}: ${WORDS[stop.state].toLowerCase()}.` }),
    ` ${said(stop)}`,
  );
  const button = make("button", { type: "button", className: "btn", textContent: "Resume" });
  button.dataset.stopResume = "";
  const node = make("section", { className: "notice wide", "aria-label": what }, text, button);
  node.dataset.tone = toneOf(stop);
  node.dataset.stop = "";
  Object.assign(node.dataset, { scope: stop.scope, id: stop.id, name: stop.subject });
  return node;
}

/** Ask how strictly to stop and whether to close what is open; then do it. */
function ask({ scope, id, name }) {
  const dialog = one("#stop-dialog");
  if (dialog.open) return;
  one("h2", dialog).textContent = `Halt ${name}?`;
  one("form", dialog).reset();
  dialog.returnValue = "";
  label();
  const done = async () => {
    if (dialog.returnValue !== "yes") return;
    const asked = { scope, id, state: state(), flatten: one("#stop-flatten").checked };
    const answer = await attempt(() => post("/api/halt", asked));
    if (!answer) return;
    toast(`${name}: ${answer.message}`);
    for (const problem of answer.problems) toast(problem, "bad");
    await attempt(refresh);
  };
  dialog.addEventListener("close", done, { once: true });
  dialog.showModal();
}

const state = () => one("[name=stop-state]:checked", one("#stop-dialog")).value;

/** The button says what it does. */
function label() {
  const what = state() === "halted" ? "Halt" : "Only exits";
  one("#stop-dialog [value=yes]").textContent = one("#stop-flatten").checked
    ? `${what} and flatten`
    : what;
}

async function resume({ scope, id, name }) {
  const sure = await confirm({
    title: "Resume trading?",
    sentence: `New orders may go out again: ${name}.`,
    go: "Resume trading",
    stay: "Stay stopped",
  });
  const answer = sure && (await attempt(() => post("/api/resume", { scope, id })));
  if (!answer) return;
  toast(answer.message);
  await attempt(refresh);
}
