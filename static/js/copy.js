/** Copy buttons and hidden secrets. */
import { all, one } from "./dom.js";
import { toast } from "./toast.js";

async function copy(node, what) {
  try {
    await navigator.clipboard.writeText(node.textContent);
    toast(`Copied ${what}.`);
  } catch (error) {
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
    window.getSelection().selectAllChildren(node);
    toast(`This browser does not let the page copy. The ${what} is selected: press Ctrl C.`, "bad");
  }
}

/**
 * Wire every [data-copy] (selector of the text, what it is) and [data-reveal] button inside
 * `root`.
 */
export function mountCopy(root) {
  for (const button of all("[data-copy]", root)) {
    button.addEventListener("click", () =>
      copy(one(button.dataset.copy, root), button.dataset.what),
    );
  }
  for (const button of all("[data-reveal]", root)) {
    const secret = one(button.dataset.reveal, root);
    button.addEventListener("click", () => {
      const shown = secret.dataset.shown !== "true";
      secret.dataset.shown = String(shown);
      secret.setAttribute("aria-hidden", String(!shown));
      button.textContent = shown ? "Hide" : "Show";
    });
  }
}
