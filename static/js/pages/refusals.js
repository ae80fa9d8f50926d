/** The catalogue of codes: a search that hides what does not say the words. */
import { all, one } from "../dom.js";
import { plural } from "../fmt.js";

/** Mount the page; it needs no data of its own. */
export function mount(root) {
  const field = one("#find-code", root);
  const entries = all(".code", root).map((node) => [node, node.textContent.toLowerCase()]);
  const groups = all(".group", root);
  const search = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const [node, text] of entries) {
      node.hidden = !words.every((word) => text.includes(word));
      if (!node.hidden) found += 1;
    }
    for (const group of groups) group.hidden = !one(".code:not([hidden])", group);
    one("[data-none]", root).hidden = found > 0;
    one("[data-found]", root).textContent = plural(found, "code");
  };
  field.addEventListener("input", search);
  search();
}
