/** Ctrl K: find a page, an action or a strategy by typing a part of its name. */
import { get } from "./api.js";
import { make, one } from "./dom.js";

const MOST = 12;

/** Wire the search dialog; `entries` are {label, kind, run}; returns a function that opens it. */
export function mountSearch(entries) {
  const dialog = one("#search");
  const field = one("input", dialog);
  const list = one(".hits", dialog);
  const note = one(".none", dialog);
  let found = [];
  let chosen = 0;
  let strategies = [];

  const draw = () => {
    list.replaceChildren(...found.map((entry, i) => option(entry, i === chosen, () => pick(i))));
    field.setAttribute("aria-activedescendant", found.length ? `hit-${chosen}` : "");
    [...list.children].forEach((node, i) => (node.id = `hit-${i}`));
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
    note.hidden = found.length > 0;
  };
  const find = () => {
    const words = field.value.trim().toLowerCase();
    found = [...entries, ...strategies]
      .filter((entry) => entry.label.toLowerCase().includes(words))
      .slice(0, MOST);
    chosen = 0;
    note.textContent = `Nothing is called “${field.value}”.`;
    draw();
  };
  const pick = (i) => {
    dialog.close();
    found[i]?.run();
  };
  const load = async () => {
    try {
      strategies = (await get("/api/strategies", { page_size: 200 })).items.map(strategyEntry);
      find();
    } catch (error) {
      if (error.name !== "ApiError") throw error;
      note.textContent = `Strategies cannot be searched: ${error.message}`;
      note.hidden = false;
    }
  };

  field.addEventListener("input", find);
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter") pick(chosen);
    else if (step && found.length) {
      chosen = (chosen + step + found.length) % found.length;
      draw();
    } else return;
    event.preventDefault();
  });
  const open = () => {
    if (dialog.open) return;
    field.value = "";
    find();
    dialog.showModal();
    load();
  };
  one("#open-search")?.addEventListener("click", open);
  return open;
}

function strategyEntry(strategy) {
  const run = () => window.location.assign(`/strategies/${strategy.id}`);
  return { label: strategy.name, kind: strategy.symbol ?? "Strategy", run };
}

function option(entry, selected, pick) {
  const node = make("div", { className: "hit", role: "option", "aria-selected": String(selected) });
  node.append(
    make("span", { textContent: entry.label }),
    make("span", { className: "sub", textContent: entry.kind }),
  );
  node.addEventListener("click", pick);
  return node;
}
