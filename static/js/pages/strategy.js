/**
 * One strategy: the editor's fields follow each other, the webhook can be copied, the switch
 * works.
 */
import { mountCopy } from "../copy.js";
import { all, one } from "../dom.js";
import { guardChanges } from "../editor.js";
import { mountSwitches } from "../switch.js";

/** Show only the fields that the chosen sizing and accounts use. */
function mountEditor(form) {
  const follow = () => {
    one("[data-size]", form).hidden = form.elements.sizing.value === "as_alert";
    for (const account of all(".account", form)) {
      const used = one("input[type=checkbox]", account).checked;
      for (const field of all(".field input", account)) field.disabled = !used;
    }
  };
  form.addEventListener("input", follow);
  follow();
}

/** Mount the page; it needs no data of its own. */
export function mount(root) {
  const form = one("#editor", root);
  mountEditor(form);
  guardChanges(form);
  mountCopy(root);
  mountSwitches(root);
}
