/** What every form that is saved as a whole has: a question before changes are lost. */

/** Ask before the page is left with changes that were not saved. */
export function guardChanges(form) {
  const typed = () => new URLSearchParams(new FormData(form)).toString();
  const first = typed();
  let saving = false;
  form.addEventListener("submit", () => (saving = true));
  window.addEventListener("beforeunload", (event) => {
    if (!saving && typed() !== first) event.preventDefault();
  });
}
