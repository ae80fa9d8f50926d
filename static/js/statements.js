/** Deleting an import of a statement, the same in the list and on its own page. */
import { remove } from "./api.js";
import { confirm } from "./dialogs.js";
import { all } from "./dom.js";
import { attempt } from "./toast.js";

/** Ask before each import is deleted, then show the list. */
export function mountRemoving(root) {
  for (const button of all("[data-remove]", root)) {
    button.addEventListener("click", async () => {
      const sure = await confirm({
        title: `Delete the import of ${button.dataset.name}?`,
        sentence: "What the file said is forgotten. Your own fills and books stay as they are.",
        go: "Delete import",
        stay: "Keep import",
        danger: true,
      });
      const done = sure && (await attempt(() => remove(`/api/statements/${button.dataset.remove}`)));
      if (done) window.location.assign("/statements");
    });
  }
}
