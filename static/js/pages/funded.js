/** All funded accounts: a card each, as the server tells each second. */
import { get } from "../api.js";
import { make, one } from "../dom.js";
import { plural } from "../fmt.js";
import { Face, statusOf, venueOf } from "../funded.js";
import { dirty, onPaint, setText } from "../live.js";
import { renewing } from "../renew.js";

const AGE_MS = 1000;
const MOST = 1000;
const NAMED = ["failed", "paused", "near", "stale", "unknown", "pending"];

/** Mount the page; `data` is {accounts}. */
export function mount(root, data, { feed }) {
  const cards = new Cards(root);
  let accounts = new Map();
  const learn = (found) => {
    for (const state of found) accounts.set(state.account_id, state);
    dirty();
  };
  const load = async () => {
    const { items } = await get("/api/accounts", { funded: 1, page_size: MOST });
    accounts = new Map();
    learn(items);
  };
  const renew = renewing(load);
  learn(data.accounts);
  onPaint(() => cards.show([...accounts.values()]));
  feed.on("rule_update", ["rules"], (payload) => learn(payload.accounts));
  // An account that is watched no more is told of by nothing else.
  feed.on("log_entry", ["log"], ({ type }) => type === "FundedChanged" && renew());
  feed.onCatchUp(load);
  setInterval(() => cards.age(), AGE_MS);
  dirty();
}

/** What a card is built for; when it changes the card is built anew. */
const shapeOf = ({ status, name, rules }) =>
  JSON.stringify([status === "pending", name, rules?.id, rules?.version]);

class Cards {
  constructor(root) {
    Object.assign(this, { root, faces: new Map(), order: "" });
    this.grid = one("#funded-cards", root);
  }

  show(accounts) {
    for (const state of accounts) this.#put(state);
    const order = accounts.map((state) => `${state.account_id} ${shapeOf(state)}`).join();
    if (order !== this.order) this.#arrange(accounts);
    this.order = order;
    one("#funded-none", this.root).hidden = accounts.length > 0;
    setText(one("#funded-summary", this.root), summaryOf(accounts));
  }

  age() {
    for (const { face } of this.faces.values()) face.age();
  }

  #put(state) {
    const shape = shapeOf(state);
    const kept = this.faces.get(state.account_id);
    if (kept?.shape === shape) {
      if (kept.face.state !== state) kept.face.update(state);
      return;
    }
    const card = cardOf(this.root, state);
    this.faces.set(state.account_id, { shape, face: new Face(card, state) });
  }

  #arrange(accounts) {
    const there = new Set(accounts.map(({ account_id: id }) => id));
    for (const id of this.faces.keys()) if (!there.has(id)) this.faces.delete(id);
    this.grid.replaceChildren(...accounts.map(({ account_id: id }) => this.faces.get(id).face.root));
  }
}

function cardOf(root, state) {
  const pending = state.status === "pending";
  const template = one(pending ? "#pending-card" : "#funded-card", root);
  const card = template.content.cloneNode(true).firstElementChild;
  const link = one("[data-link]", card);
  link.textContent = state.name;
  card.setAttribute("aria-label", state.name);
  one("[data-venue]", card).textContent = venueOf(state.venue);
  const address = `/funded/${state.account_id}`;
  if (pending) {
    const accept = one("[data-accept]", card);
    accept.href = address;
    accept.setAttribute("aria-label", `Accept ${state.name}`);
    return card;
  }
  link.href = address;
  one("[data-program]", card).append(
    make("span", { textContent: `${state.rules.firm}, ${state.rules.program}` }),
  );
  return card;
}

/** "1 failed, 2 near a limit": what needs a look, read out when it changes. */
function summaryOf(accounts) {
  const count = (status) => accounts.filter((state) => state.status === status).length;
  const told = NAMED.filter(count).map((each) => `${count(each)} ${statusOf(each)[0].toLowerCase()}`);
  if (!accounts.length) return "";
  return [plural(accounts.length, "account"), ...told].join(", ");
}
