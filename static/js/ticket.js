/** The manual ticket: what is typed is said in words, asked about, and only then sent. */
import { post } from "./api.js";
import { confirm } from "./dialogs.js";
import { all, one } from "./dom.js";
import { attempt, toast } from "./toast.js";

const NEEDS_PRICE = new Set(["limit", "stop"]);
const VERBS = { buy: "Buy", sell: "Sell" };

/** The ticket as the body of POST /api/orders; amounts stay decimal strings. */
function bodyOf(form) {
  const values = Object.fromEntries(new FormData(form));
  const [kind, id] = values.book.split(":");
  return {
    strategy_id: kind === "strategy" ? id : null,
    account_id: kind === "account" ? id : null,
    symbol: values.symbol.trim().toUpperCase(),
    side: values.side,
    quantity: values.quantity.trim(),
    order_type: values.order_type,
    price: NEEDS_PRICE.has(values.order_type) ? values.price.trim() : null,
  };
}

/** One sentence that says what will be sent. */
function sentenceOf(form, body) {
  const book = form.elements.book.selectedOptions[0];
  const whom = body.strategy_id ? `for strategy ${book.text}` : `on account ${book.text}, outside any strategy`;
  const how = body.price ? `with a ${body.order_type} at ${body.price}` : "at market";
  return `${VERBS[body.side]} ${body.quantity || "…"} ${body.symbol || "…"} ${how}, ${whom}.`;
}

function showErrors(form, fields) {
  for (const node of all("[data-error]", form)) {
    const text = fields[node.dataset.error] ?? "";
    node.textContent = text;
    form.elements[node.dataset.error]?.setAttribute?.("aria-invalid", String(Boolean(text)));
  }
}

/** What is missing, by field, before the server is asked. */
function missing(body) {
  const fields = {};
  if (!body.symbol) fields.symbol = "Enter a symbol, such as MESZ6.";
  if (!(Number(body.quantity) > 0)) fields.quantity = "Enter a quantity above zero.";
  if (body.price !== null && !Number.isFinite(Number(body.price || NaN))) fields.price = "Enter a price.";
  return fields;
}

async function send(form) {
  const body = bodyOf(form);
  const fields = missing(body);
  showErrors(form, fields);
  if (Object.keys(fields).length) return;
  const sure = await confirm({
    title: "Send this order?",
    sentence: sentenceOf(form, body),
    facts: [["Mode", document.documentElement.dataset.mode === "live" ? "Live money" : "Paper, no real money"]],
    go: `${VERBS[body.side]} ${body.quantity} ${body.symbol}`,
    stay: "Do not send",
    danger: document.documentElement.dataset.mode === "live",
  });
  if (!sure) return;
  const answer = await attempt(() => post("/api/orders", body).catch((error) => refuse(form, error)));
  if (answer) toast(answer.message ?? `Sent: ${sentenceOf(form, body)}`);
}

function refuse(form, error) {
  showErrors(form, error.fields ?? {});
  throw error;
}

/** Wire the ticket's form. */
export function mountTicket(form) {
  const words = one(".words", form);
  const describe = () => {
    const body = bodyOf(form);
    one("[data-price]", form).hidden = body.price === null;
    words.textContent = sentenceOf(form, body);
  };
  form.addEventListener("input", describe);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
  form.elements.book.addEventListener("change", () => {
    const { symbol } = form.elements.book.selectedOptions[0].dataset;
    if (symbol && !form.elements.symbol.value) form.elements.symbol.value = symbol;
    describe();
  });
  describe();
}
