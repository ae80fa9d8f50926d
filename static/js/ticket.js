/** The manual ticket: what is typed is said in words, asked about, and only then sent. */
import { post } from "./api.js";
import { confirm } from "./dialogs.js";
import { all, one } from "./dom.js";
import { attempt, toast } from "./toast.js";

const VERBS = { buy: "Buy", sell: "Sell" };

/** The ticket as the body of POST /api/orders; amounts stay decimal strings. */
function bodyOf(form) {
  const values = Object.fromEntries(new FormData(form));
  const [strategy, account] = values.book.split("|");
  const type = values.order_type;
  const price = values.price.trim();
  return {
    strategy_id: strategy || null,
    account_id: account,
    symbol: values.symbol.trim().toUpperCase(),
    side: values.side,
    quantity: values.quantity.trim(),
    order_type: type,
    limit_price: type === "limit" ? price : null,
    stop_price: type === "stop" ? price : null,
  };
}

/** The price that the order type needs, or null for a market order. */
const priceOf = (body) => body.limit_price ?? body.stop_price;

/** One sentence that says what will be sent. */
function sentenceOf(form, body) {
  const { strategy, account } = form.elements.book.selectedOptions[0].dataset;
  const whom = strategy
    ? `on account ${account}, for ${strategy}`
    : `on account ${account}, outside any strategy`;
  const price = priceOf(body);
  const how = price === null ? "at market" : `with a ${body.order_type} at ${price || "…"}`;
  return `${VERBS[body.side]} ${body.quantity || "…"} ${body.symbol || "…"} ${how}, ${whom}.`;
}

function showErrors(form, fields) {
  for (const node of all("[data-error]", form)) {
    const text = fields[node.dataset.error] ?? "";
    node.textContent = text;
    form.elements[node.dataset.error]?.setAttribute?.("aria-invalid", String(Boolean(text)));
  }
}

/** The errors that are shown now, by field. */
const errorsOf = (form) =>
  Object.fromEntries(
    all("[data-error]", form).map((node) => [node.dataset.error, node.textContent]),
  );

/** What is missing, by field, before the server is asked. */
function missing(body) {
  const fields = {};
  if (!body.symbol) fields.symbol = "Enter a symbol, such as MESZ6.";
  if (!(Number(body.quantity) > 0)) fields.quantity = "Enter a quantity above zero.";
  const price = priceOf(body);
  if (price !== null && !Number.isFinite(Number(price || NaN))) fields.price = "Enter a price.";
  return fields;
}

async function send(form) {
  const body = bodyOf(form);
  const fields = missing(body);
  showErrors(form, fields);
  if (Object.keys(fields).length) return;
  const live = form.elements.book.selectedOptions[0].dataset.mode === "live";
  const sure = await confirm({
    title: "Send this order?",
    sentence: sentenceOf(form, body),
    facts: [["Mode", live ? "Live money" : "Paper, no real money"]],
    go: `${VERBS[body.side]} ${body.quantity} ${body.symbol}`,
    stay: "Do not send",
    danger: live,
  });
  if (!sure) return;
  const answer = await attempt(() =>
    post("/api/orders", body).catch((error) => refuse(form, error)),
  );
  if (answer) toast(`Taken: ${sentenceOf(form, body)} The outcome is in the recent alerts.`);
}

/** Show a refusal beside its fields; one that belongs to none of them goes on as an error. */
function refuse(form, error) {
  const { limit_price, stop_price, account_id, strategy_id, ...rest } = error.fields ?? {};
  showErrors(form, { ...rest, price: limit_price ?? stop_price, book: strategy_id ?? account_id });
  if (!Object.values(errorsOf(form)).some(Boolean)) throw error;
}

/** Wire the ticket's form. */
export function mountTicket(form) {
  const words = one(".words", form);
  const describe = () => {
    const body = bodyOf(form);
    one("[data-price]", form).hidden = priceOf(body) === null;
    words.textContent = sentenceOf(form, body);
  };
  form.addEventListener("input", (event) => {
    showErrors(form, { ...errorsOf(form), [event.target.name]: "" });
    describe();
  });
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
