/** Statements: a file is sent, what is wrong with it is told, and imports are deleted. */
import { upload } from "../api.js";
import { all, one } from "../dom.js";
import { mountRemoving } from "../statements.js";
import { toast } from "../toast.js";

/** Mount the page; `data` is {most_bytes}. */
export function mount(root, data) {
  mountRemoving(root);
  const form = one("#upload", root);
  const button = one("button", form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    tell(form, {});
    const file = form.elements.file.files[0];
    const fault = faultOf(file, data.most_bytes);
    if (fault) {
      tell(form, { file: fault });
      return;
    }
    button.disabled = true;
    button.textContent = "Reading…";
    try {
      const made = await upload("/api/statements", new FormData(form));
      if (made.again) toast(made.message);
      setTimeout(() => window.location.assign(`/statements/${made.id}`), made.again ? 2500 : 0);
    } catch (error) {
      if (error.name !== "ApiError") throw error;
      const known = Object.keys(error.fields).filter((name) => form.elements[name]);
      tell(form, Object.fromEntries(known.map((name) => [name, error.fields[name]])), error.message);
      button.disabled = false;
      button.textContent = "Import and compare";
    }
  });
}

function faultOf(file, most) {
  if (!file) return "Choose the file to import.";
  return file.size > most ? "The file is larger than 10 MiB." : "";
}

function tell(form, fields, sentence = "") {
  for (const place of all("[data-error]", form)) {
    const name = place.dataset.error;
    const text = name === "all" ? sentence : (fields[name] ?? "");
    place.textContent = text;
    place.hidden = !text;
    if (name !== "all") form.elements[name].setAttribute("aria-invalid", String(Boolean(text)));
  }
  const first = Object.keys(fields)[0];
  if (first) form.elements[first].focus();
}
