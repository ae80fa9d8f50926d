/**
 * One strategy: the editor's fields follow each other, the webhook can be copied, the switch
 * works.
 */
import { mountCopy } from "../copy.js";
import { all, one } from "../dom.js";
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

/** Ask before the page is left with changes that were not saved. */
function guard(form) {
  const first = new URLSearchParams(new FormData(form)).toString();
  let saving = false;
  form.addEventListener("submit", () => (saving = true));
  window.addEventListener("beforeunload", (event) => {
    if (!saving && new URLSearchParams(new FormData(form)).toString() !== first)
      event.preventDefault();
  });
}

/** Mount the page; it needs no data of its own. */
export function mount(root) {
  const form = one("#editor", root);
  mountEditor(form);
  guard(form);
  mountCopy(root);
  mountSwitches(root);
}
