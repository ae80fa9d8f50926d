/** Agreement: have everything compared, follow that, and note what was seen.  The server renders what came out. */
import { get, post } from "../api.js";
import { all, one } from "../dom.js";
import { plural } from "../fmt.js";
import { attempt } from "../toast.js";

const EVERY_MS = 1000;

/** Ask each second how far it is; when it has ended the server shows what came out. */
function follow(root) {
  const look = async () => {
    const found = await get("/api/agreement").catch(() => null);
    if (found && !found.running) location.reload();
    else {
      if (found) show(root, found.runs[0]);
      setTimeout(look, EVERY_MS);
    }
  };
  setTimeout(look, EVERY_MS);
}

function show(root, run) {
  one("#compare-said", root).textContent = `${plural(run.books, "book")} and ${plural(run.fills, "fill")} so far.`;
}

async function compare(root, button) {
  button.disabled = true;
  const run = await attempt(() => post("/api/agreement"));
  if (!run) {
    button.disabled = false;
    return;
  }
  one("#last-title", root).textContent = "Comparing now";
  show(root, run);
  follow(root);
}

async function acknowledge(button) {
  button.disabled = true;
  const path = `/api/agreement/differences/${button.dataset.acknowledge}/acknowledge`;
  if (await attempt(() => post(path))) location.reload();
  else button.disabled = false;
}

/** Mount the page; `running` says that a comparison is under way. */
export function mount(root, { running }) {
  const button = one("#compare-now", root);
  button.addEventListener("click", () => compare(root, button));
  for (const each of all("[data-acknowledge]", root))
    each.addEventListener("click", () => acknowledge(each));
  if (running) follow(root);
}
