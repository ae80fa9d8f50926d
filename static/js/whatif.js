/** "If I buy 2 NQ with a 20 point stop": asks the guard of a funded account; nothing is sent. */
import { post } from "./api.js";
import { all, make, one } from "./dom.js";
import { money, price, quantity } from "./fmt.js";
import { setAttr, setText } from "./live.js";

/** Fields of a call that have another name in its form. */
const ALIASES = { stop_points: "stop" };

/** Show in `form` what is wrong: sentences by field, and one about the whole. */
export function tell(form, fields, sentence = "") {
  for (const place of all("[data-error]", form)) {
    const name = place.dataset.error;
    const text = name === "all" ? sentence : (fields[name] ?? "");
    place.textContent = text;
    place.hidden = !text;
    if (name !== "all") form.elements[name].setAttribute("aria-invalid", String(Boolean(text)));
  }
  const first = Object.keys(fields).find((name) => form.elements[name]);
  if (first) form.elements[first].focus();
}

/** Send a form by `send`, and show in it what the server refuses; gives its answer or undefined. */
export async function sent(form, send) {
  tell(form, {});
  try {
    return await send();
  } catch (error) {
    if (error.name !== "ApiError") throw error;
    const told = Object.entries(error.fields).map(([name, text]) => [ALIASES[name] ?? name, text]);
    const here = told.filter(([name]) => one(`[data-error="${name}"]`, form));
    tell(form, Object.fromEntries(here), here.length ? "" : error.message);
    return undefined;
  }
}

/** Wire the form; `id` is the account's. */
export function mountWhatIf(root, id) {
  const form = one("#what-if", root);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const found = await sent(form, () => post(`/api/accounts/${id}/validate-trade`, orderOf(form)));
    one("#answer", form).hidden = !found;
    if (found) show(one("#answer", form), found);
  });
}

/** The order that is asked about; what was left empty is left out. */
function orderOf(form) {
  const { symbol, side, quantity: size, stop, stop_unit: unit, price: at, automated } = form.elements;
  const typed = {
    symbol: symbol.value,
    side: side.value,
    quantity: size.value,
    [unit.value === "points" ? "stop_points" : "stop"]: stop.value,
    price: at.value,
  };
  const filled = Object.entries(typed).map(([name, value]) => [name, value.trim()]);
  return { ...Object.fromEntries(filled.filter(([, value]) => value)), automated: automated.checked };
}

function show(place, { allowed, detail, fits, loss, worst_equity: after, breach_price: at, checks }) {
  const verdict = one("[data-verdict]", place);
  setText(verdict, allowed ? "Allowed" : "Refused");
  setAttr(verdict, "data-tone", allowed ? "ok" : "bad");
  setText(one("[data-detail]", place), detail ?? "It fits within every rule.");
  // What the amounts did not decide is not told.
  const numbers = [
    ["Fits", fits, quantity],
    ["Could lose", loss, money],
    ["Equity after that", after, money],
    ["First limit reached at", at, price],
  ].filter(([, value]) => value !== null);
  one("[data-numbers]", place).replaceChildren(
    ...numbers.map(([label, value, write]) =>
      make("div", {}, make("dt", { textContent: label }), make("dd", { textContent: write(value) })),
    ),
  );
  one("[data-checks]", place).replaceChildren(...checks.map(checkOf));
}

function checkOf({ label, ok, detail }) {
  const mark = make("span", { className: "tick" });
  mark.dataset.ok = String(ok);
  mark.append(make("span", { className: "vh", textContent: ok ? "Passes: " : "Fails: " }));
  const words = make("span", {}, make("b", { textContent: label }), ` ${detail ?? ""}`);
  return make("li", {}, mark, words);
}
