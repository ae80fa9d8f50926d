/** A trading day, opened from the calendar: what it made, of what, and its round trips. */
import { get, put } from "./api.js";
import { all, make, one } from "./dom.js";
import { clock, drawdown, money, plural, pnl, quantity, sgn } from "./fmt.js";
import { setPnl, setText } from "./live.js";
import { changed } from "./scope.js";
import { attempt } from "./toast.js";

const CALENDAR = "/api/dashboard/pnl-calendar";
const DAYS = "/api/dashboard/days/";
const TRIPS = 100;
const LONG_DATE = new Intl.DateTimeFormat("en-US", {
  timeZone: "UTC",
  weekday: "short",
  year: "numeric",
  month: "short",
  day: "numeric",
});

/** What a day says besides its P&L: name in the API, words, and how it is written. */
const FACTS = [
  ["gross", "Gross", pnl],
  ["fees", "Fees", money],
  ["trade_count", "Round trips", String],
  ["fill_count", "Fills", String],
  ["wins", "Won", String],
  ["losses", "Lost", String],
  ["best", "Best", pnl],
  ["worst", "Worst", pnl],
  ["max_drawdown", "Max drawdown", drawdown],
];

/** The dialog of a day. */
export class DayPanel {
  /**
   * `scope` is {strategy_id, account_id, symbol, tag}; `beside(date, step)` gives the day before
   * or after; `closed(date)` is called with the day that was shown, `noted(date, note)` when a note
   * was kept, `showActivity(date)` when that is asked.
   */
  constructor(dialog, scope, { beside, closed, noted, showActivity }) {
    Object.assign(this, { dialog, scope, beside });
    this.note = one("textarea", dialog);
    this.date = null;
    this.steps = all("[data-step]", dialog);
    for (const button of this.steps)
      button.addEventListener("click", () => this.open(beside(this.date, this.#stepOf(button))));
    one("[data-activity]", dialog).addEventListener("click", () => {
      showActivity(this.date);
      dialog.close();
    });
    dialog.addEventListener("close", () => closed(this.date));
    one(".note", dialog).addEventListener("submit", (event) => this.#save(event, noted));
  }

  /** Show a day, or what has changed on it. */
  async open(date) {
    const again = this.dialog.open && this.date === date;
    this.date = date;
    const days = { start_date: date, end_date: date };
    const reply = await attempt(() =>
      Promise.all([
        get(CALENDAR, { ...this.scope, ...days }),
        get("/api/trades", { ...this.scope, ...days, range: "custom", page_size: TRIPS }),
      ]),
    );
    if (!reply || this.date !== date) return;
    const [{ calendar_data: found }, trades] = reply;
    this.#show(date, found[0] ?? null, trades);
    // What is being typed is not overwritten by a fill.
    if (!again) this.#write(found[0]?.note ?? "", "");
    if (!this.dialog.open) this.dialog.showModal();
  }

  /** Read the shown day again. */
  async renew() {
    if (this.dialog.open) await this.open(this.date);
  }

  async #save(event, noted) {
    event.preventDefault();
    const { date } = this;
    const body = { note: this.note.value, account_id: this.scope.account_id };
    const kept = await attempt(() => put(DAYS + date, body));
    if (!kept) return;
    noted(date, kept.note);
    if (this.date === date) this.#write(kept.note, "Kept");
  }

  #write(note, said) {
    this.note.value = note;
    setText(one("[data-day=kept]", this.dialog), said);
  }

  #stepOf(button) {
    return Number(button.dataset.step);
  }

  #show(date, day, { items, total_items: total }) {
    const { dialog } = this;
    const part = (name) => one(`[data-day=${name}]`, dialog);
    setText(one("h2", dialog), LONG_DATE.format(Date.parse(date)));
    setPnl(part("pnl"), day ? pnl(day.pnl) : "Nothing", sgn(day?.pnl));
    setText(part("made-of"), day ? madeOf(day) : "No fill, and no change of the open P&L.");
    one(".facts", dialog).replaceChildren(...factsOf(day ?? {}));
    one(".day-trips", dialog).replaceChildren(...items.map(tripOf));
    setText(part("trips-note"), tripsNote(items.length, total));
    one("[data-journal]", dialog).href = this.#journal(date);
    for (const button of this.steps) button.disabled = !this.beside(date, this.#stepOf(button));
  }

  #journal(date) {
    const { strategy_id, account_id } = this.scope;
    return changed(`/journal/day/${date}`, { strategy_id, account_id });
  }
}

function madeOf(day) {
  if (day.pnl === null) return "Unknown: the price of something that was held is not known.";
  if (day.open_change === null || day.open_change === undefined) return "Realised after fees.";
  return `${pnl(day.realised)} realised after fees, ${pnl(day.open_change)} change of open P&L`;
}

function factsOf(day) {
  return FACTS.filter(([name]) => day[name] !== undefined && day[name] !== null).map(([name, words, write]) => {
    const value = make("dd", { textContent: write(day[name]) });
    if (write === pnl) {
      value.className = "pnl";
      value.dataset.s = String(sgn(day[name]));
    }
    return make("div", {}, make("dt", { textContent: words }), value);
  });
}

function tripOf(trip) {
  const net = make("b", { className: "pnl", textContent: pnl(trip.net) });
  net.dataset.s = String(sgn(trip.net));
  const direction = trip.direction === "long" ? "Long" : "Short";
  const what = make(
    "span",
    { className: "what" },
    `${direction} ${quantity(trip.quantity)} `,
    make("span", { className: "sym", textContent: trip.symbol }),
    make("span", { className: "of", textContent: ` ${trip.strategy_name}` }),
  );
  const time = make("time", { dateTime: trip.closed_at, textContent: clock(trip.closed_at) });
  return make("li", {}, make("a", { href: `/journal/${trip.id}` }, time, what, net));
}

function tripsNote(shown, total) {
  if (!total) return "No round trip ended on this day.";
  const more = total > shown ? `, the newest ${shown} of ${total}` : "";
  return `${plural(total, "round trip")} that ended on this day${more}.`;
}
