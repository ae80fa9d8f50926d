/** The questions asked before something is done: one general dialog, and the halt dialog. */
import { post } from "./api.js";
import { all, make, one } from "./dom.js";
import { attempt, toast } from "./toast.js";

const HALT_WORD = "HALT";

/** Ask; `facts` are [label, text, sign?]; resolves to true only when the reader chose to go on. */
export function confirm({ title, sentence, facts = [], go, stay = "Cancel", danger = false }) {
  const dialog = one("#confirm");
  one("h2", dialog).textContent = title;
  one(".said", dialog).textContent = sentence;
  one(".facts", dialog).replaceChildren(...facts.map(factRow));
  const yes = one("[value=yes]", dialog);
  yes.textContent = go;
  yes.className = danger ? "btn danger" : "btn primary";
  one("[value=no]", dialog).textContent = stay;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

function factRow([label, text, sign]) {
  const value = make("dd", { textContent: text });
  if (sign !== undefined) {
    value.className = "pnl";
    value.dataset.s = String(sign);
  }
  return make("div", {}, make("dt", { textContent: label }), value);
}

/** Show on this page whether trading is halted. */
export function showHalted(halted) {
  document.documentElement.dataset.halted = String(halted);
  one("#halted").hidden = !halted;
}

/** Show on this page what is wrong with the storage: a sentence, or null when nothing is. */
export function showTrouble(detail) {
  const notice = one("#trouble");
  notice.hidden = !detail;
  one("[data-said]", notice).textContent = detail || "";
}

/** Wire the halt dialog and the resume button; returns a function that opens the dialog. */
export function mountHalt() {
  const dialog = one("#halt-dialog");
  const word = one("#halt-word");
  const flatten = one("#halt-flatten");
  const go = one("[value=yes]", dialog);
  const open = () => {
    if (dialog.open) return;
    word.value = "";
    go.disabled = true;
    dialog.returnValue = "";
    dialog.showModal();
  };
  const label = () => (go.textContent = flatten.checked ? "Halt and flatten" : "Halt");
  word.addEventListener(
    "input",
    () => (go.disabled = word.value.trim().toUpperCase() !== HALT_WORD),
  );
  flatten.addEventListener("change", label);
  label();
  dialog.addEventListener("close", () => dialog.returnValue === "yes" && halt(flatten.checked));
  one("#halt").addEventListener("click", open);
  one("#resume").addEventListener("click", resume);
  return open;
}

async function halt(flatten) {
  const answer = await attempt(() => post("/api/halt", { flatten }));
  if (!answer) return;
  showHalted(true);
  toast(answer.message);
  for (const problem of answer.problems) toast(problem, "bad");
}

async function resume() {
  const sure = await confirm({
    title: "Resume trading?",
    sentence: "Alerts are executed again, for each strategy that is switched on.",
    go: "Resume trading",
    stay: "Stay halted",
  });
  const answer = sure && (await attempt(() => post("/api/resume")));
  if (!answer) return;
  showHalted(false);
  toast(answer.message);
}

/** Forms with data-confirm (a sentence), data-title and data-go are sent only after a question. */
export function mountQuestions(root) {
  for (const form of all("form[data-confirm]", root)) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const { title, confirm: sentence, go } = form.dataset;
      if (await confirm({ title, sentence, go, danger: true })) form.submit();
    });
  }
}
