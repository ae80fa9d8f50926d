/** Forms that a script sends: errors beside their fields, and one send at a time. */
import { all, one } from "./dom.js";
import { toast } from "./toast.js";

/** Show what is wrong beside each field, and put the reader at the first; what has none is said. */
export function showProblems(form, fields, sentence = "") {
  const places = all("[data-error]", form);
  for (const place of places) {
    const problem = fields[place.dataset.error] ?? "";
    place.textContent = problem;
    form.elements[place.dataset.error]?.setAttribute?.("aria-invalid", String(Boolean(problem)));
  }
  const wrong = places.find((place) => place.textContent);
  if (wrong) form.elements[wrong.dataset.error]?.focus?.();
  else if (sentence) toast(sentence, "bad");
}

/** Run `action` with the form's buttons off; gives its result, or undefined when it was refused. */
export async function sendFrom(form, action) {
  const buttons = all("button", form);
  for (const button of buttons) button.disabled = true;
  showProblems(form, {});
  try {
    return await action();
  } catch (error) {
    if (error.name !== "ApiError") throw error;
    showProblems(form, error.fields, error.message);
    return undefined;
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

/** Call `send` when the form is submitted; the page stays. */
export function onSubmit(form, send) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
}

/** The keys that were typed. */
export const keysOf = ({ elements }) => ({
  key: elements.key.value.trim(),
  secret: elements.secret.value.trim(),
});

/** The limits that were typed; what is empty is none. */
export function boundsOf({ elements }) {
  const orders = elements.max_orders_a_day.value.trim();
  return {
    max_order_value: elements.max_order_value.value.trim() || null,
    max_daily_loss: elements.max_daily_loss.value.trim() || null,
    max_orders_a_day: /^\d+$/.test(orders) ? Number(orders) : orders || null,
    confirmation: elements.confirmation?.value ?? "",
  };
}

/** The venue's own settings that were chosen. */
export const settingsOf = ({ elements }) => ({
  feed: elements.feed.value,
  extended_hours: elements.extended_hours.checked,
});

/** Forget the keys that were typed. */
export function forgetKeys(form) {
  for (const name of ["key", "secret"]) one(`[name=${name}]`, form).value = "";
}
