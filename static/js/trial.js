/** What a venue said of the account that keys open. */
import { make } from "./dom.js";
import { money } from "./fmt.js";

const amount = (value) => (value === null ? "unknown" : money(value));

/** Show in `place` what the venue said; the age is told by the words around it. */
export function showTrial(place, said) {
  const facts = [
    ["Account", `${said.number}, ${said.status.toLowerCase()}`],
    ["Equity", amount(said.equity)],
    ["Buying power", amount(said.buying_power)],
    ["Cash", amount(said.cash)],
  ];
  const list = make("dl", { className: "facts" });
  for (const [label, text] of facts)
    list.append(
      make("div", {}, make("dt", { textContent: label }), make("dd", { textContent: text })),
    );
  const blocked = said.blocked.map((each) => make("p", { className: "error", textContent: each }));
  const title = make("p", { textContent: "The keys work." });
  place.dataset.tone = blocked.length ? "warn" : "ok";
  place.replaceChildren(title, list, ...blocked);
  place.hidden = false;
}

/** Show that the venue is being asked. */
export function showAsking(place) {
  delete place.dataset.tone;
  place.replaceChildren(make("p", { textContent: "The venue is being asked…" }));
  place.hidden = false;
}

/** Show nothing, or why the venue said no. */
export function showRefused(place, sentence = "") {
  place.dataset.tone = "bad";
  place.replaceChildren(make("p", { textContent: sentence }));
  place.hidden = !sentence;
}
