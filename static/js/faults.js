/** The faults of a chaos account: presets, and each probability in plain words. */
import { all, one, press } from "./dom.js";

const PREFIX = "faults.";

/** A probability as people say it: "1 in 20", "never", "always"; nothing for what is none. */
export function shareOf(text) {
  const value = text.trim() === "" ? 0 : Number(text);
  if (!Number.isFinite(value) || value < 0 || value > 1) return "";
  if (value === 0) return "never";
  if (value === 1) return "always";
  if (value > 0.5) return `${Math.round(value * 100)} %`;
  const each = 1 / value;
  return `1 in ${each < 10 && each % 1 ? each.toFixed(1) : Math.round(each)}`;
}

/** Wire the presets and the words; `presets` are probabilities by fault, by name. */
export function mountFaults(form, presets) {
  const fields = all("input", form).filter((input) => input.name.startsWith(PREFIX));
  const buttons = all("[data-preset]", form);
  const nameOf = (input) => input.name.slice(PREFIX.length);
  const chosen = (preset) =>
    fields.every((input) => Number(input.value || 0) === Number(presets[preset][nameOf(input)] ?? 0));
  const follow = () => {
    for (const input of fields) {
      const share = one(`[data-share="${input.name}"]`, form);
      share.textContent = shareOf(input.value);
      input.closest("li").dataset.on = String(Number(input.value) > 0);
    }
    const on = fields.filter((input) => Number(input.value) > 0).length;
    if (fields.length) one("[data-chosen]", form).textContent = `${on} of ${fields.length} happen`;
    press(
      buttons,
      buttons.find((button) => chosen(button.dataset.preset)),
    );
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      for (const input of fields) input.value = presets[button.dataset.preset][nameOf(input)] ?? "";
      follow();
    });
  }
  form.addEventListener("input", follow);
  follow();
}
