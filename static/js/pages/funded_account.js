/** One funded account: its figures each second, its curve, what-if, days, violations, choices. */
import { get, patch, put, remove } from "../api.js";
import { confirm } from "../dialogs.js";
import { all, make, one, press } from "../dom.js";
import { money, number, plural, pnl, quantity, sgn, stamp } from "../fmt.js";
import { FloorChart } from "../floor.js";
import { Face, known } from "../funded.js";
import { dirty, onPaint, setText } from "../live.js";
import { renewing } from "../renew.js";
import { attempt, toast } from "../toast.js";
import { mountPlatform } from "../platform.js";
import { mountWhatIf, sent } from "../whatif.js";
import { upper } from "../words.js";

const AGE_MS = 1000;
const DAY_MS = 24 * 3600 * AGE_MS;
/** After so long the curve is read anew, so that it never grows without end. */
const RELOAD_MS = 15 * 60 * AGE_MS;
const DAYS = 100;
const RULES = {
  max_drawdown: "Maximum loss",
  daily_loss: "Daily loss",
  max_contracts: "Contracts",
  flat_time: "Flat time",
};
const SEVERITIES = {
  hard: ["Failed the account", "bad"],
  soft: ["Paused the day", "warn"],
  deny: ["Over the limit", "warn"],
};

/** Mount the page; `data` is {state}. */
export function mount(root, data, { feed }) {
  const id = data.state.account_id;
  const path = `/api/accounts/${id}`;
  const face = new Face(root, data.state);
  const curve = new Curve(root, path, data.state.accepted_at);
  const history = new History(root, path, curve);
  let { state } = data;
  let said = data.state.status;
  const take = (found) => {
    if (!found) return;
    const turned = found.status !== state.status || found.trading_day !== state.trading_day;
    state = found;
    curve.push(found);
    if (turned) history.renew();
    dirty();
  };
  onPaint(() => {
    if (face.state !== state) face.update(state);
    if (said !== state.status) setText(one("#said", root), state.words);
    said = state.status;
  });
  feed.on("rule_update", ["rules"], ({ accounts }) =>
    take(accounts.find((each) => each.account_id === id)),
  );
  feed.onCatchUp(async () => {
    take(await get(`${path}/state`));
    await Promise.all([curve.load(), history.load()]);
  });
  setInterval(() => face.age(), AGE_MS);
  document.addEventListener("recolour", () => curve.plot.recolour());
  mountWhatIf(root, id);
  mountPlatform(root, path, feed);
  mountPreferences(root, path);
  mountMove(root, path, () => state);
}

/** The curve and its ranges. */
class Curve {
  constructor(root, path, since) {
    Object.assign(this, { root, path, since, days: 1, asked: 0, loadedAt: 0 });
    this.plot = new FloorChart(one(".plot", root));
    this.empty = one(".chart .empty", root);
    const buttons = all("#ranges button", root);
    for (const button of buttons) {
      button.addEventListener("click", () => {
        press(buttons, button);
        this.load(Number(button.dataset.days));
      });
    }
  }

  /** Read the curve of so many days, 0 for all; a later call overtakes an earlier one. */
  async load(days = this.days) {
    this.days = days;
    this.asked += 1;
    const mine = this.asked;
    const start = days ? new Date(Date.now() - days * DAY_MS).toISOString() : this.since;
    const reply = await attempt(() => get(`${this.path}/equity`, { start }));
    if (!reply || mine !== this.asked) return;
    this.loadedAt = Date.now();
    this.plot.show(reply.items);
    this.empty.hidden = reply.items.length > 0;
  }

  /** Draw the end of the curve. */
  push({ updated_at: at, equity, floor }) {
    if (!this.loadedAt || number(equity) === null || !at) return;
    const timestamp = `${at.slice(0, 16)}:00Z`;
    this.plot.push({ timestamp, equity, floor });
    this.empty.hidden = true;
    if (Date.now() - this.loadedAt > RELOAD_MS) this.load();
  }
}

/** The days and the violations. */
class History {
  constructor(root, path, curve) {
    Object.assign(this, { root, path, curve });
    this.renew = renewing(() => this.load());
  }

  async load() {
    const [days, broken] = await Promise.all([
      get(`${this.path}/days`, { page_size: DAYS }),
      get(`${this.path}/violations`),
    ]);
    this.#days(days.items);
    this.#broken(broken.items);
  }

  #days(days) {
    const { root } = this;
    one("#days tbody", root).replaceChildren(...days.map(dayRow));
    one("#days", root).hidden = !days.length;
    one("#no-days", root).hidden = days.length > 0;
    setText(one("#days-count", root), days.length ? plural(days.length, "day") : "");
  }

  #broken(broken) {
    const { root } = this;
    one("#broken", root).replaceChildren(...broken.map(brokenRow));
    one("#broken", root).hidden = !broken.length;
    one("#no-broken", root).hidden = broken.length > 0;
    setText(one("#broken-count", root), broken.length ? String(broken.length) : "");
    const marks = broken.map(({ at, rule }) => ({ timestamp: at, text: RULES[rule] ?? rule }));
    this.curve.plot.mark(marks);
  }
}

function dayRow({ day, pnl: closed, high, low, floor, recorded }) {
  const cell = (text, className = "num") => make("td", { className, textContent: text });
  const gained = make("span", { className: "pnl", textContent: pnl(closed) });
  gained.dataset.s = String(sgn(closed));
  const from = recorded === "addon" ? "Told by the add-on" : "Own record";
  return make(
    "tr",
    {},
    cell(day, "nowrap"),
    make("td", { className: "num" }, gained),
    cell(known(high), "num hide-s"),
    cell(known(low), "num hide-s"),
    cell(known(floor)),
    cell(from, recorded === "addon" ? "dim" : ""),
  );
}

/** What broke a rule, with the figures of that moment. */
function brokenRow(each) {
  const [word, tone] = SEVERITIES[each.severity] ?? [each.severity, "none"];
  const chip = make("span", { className: "chip", textContent: word });
  chip.dataset.tone = tone;
  const head = make("p", { className: "line" }, chip, make("b", { textContent: RULES[each.rule] ?? each.rule }));
  head.append(make("time", { dateTime: each.at, title: each.at, className: "sub", textContent: stamp(each.at) }));
  const figures = [
    `equity ${known(each.equity)}`,
    `balance ${money(each.balance)}`,
    `floor ${money(each.floor)}`,
    `high-water mark ${money(each.high_water)}`,
    `day ${known(each.day_pnl, pnl)}`,
    `${quantity(each.contracts)} contracts`,
    `rules of ${each.rule_set_version}`,
  ];
  return make(
    "li",
    {},
    head,
    make("p", { textContent: seenOf(each) }),
    make("p", { className: "sub", textContent: upper(figures.join(", ")) }),
  );
}

function seenOf({ rule, limit, seen }) {
  if (rule === "max_drawdown") return `The equity was ${money(seen)}, the floor ${money(limit)}.`;
  if (rule === "daily_loss") return `The day stood at ${pnl(seen)}, its limit is a loss of ${money(limit)}.`;
  if (rule === "max_contracts") return `${quantity(seen)} contracts were held, ${quantity(limit)} are allowed.`;
  return `${quantity(seen)} contracts were held after the flat time.`;
}

function mountPreferences(root, path) {
  const form = one("#preferences", root);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { near_percent, near, flat_warning, size_down, own_device } = form.elements;
    const minutes = flat_warning.value.trim();
    const chosen = {
      near_percent: near_percent.value.trim(),
      near: near.value,
      flat_warning: /^\d{1,4}$/.test(minutes) ? Number(minutes) : minutes,
      size_down: size_down.checked,
      own_device: own_device.checked,
    };
    if (await sent(form, () => patch(`${path}/preferences`, chosen))) toast("Saved.");
  });
}

function mountMove(root, path, current) {
  one("#move", root)?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [id, version] = event.target.elements.to.value.split(" ");
    const { name, rules } = current();
    const sure = await confirm({
      title: `Move ${name} to other rules?`,
      sentence: "What comes from now on is judged by the new version. This is written down.",
      facts: [
        ["Now", `${rules.id}, ${rules.version}`],
        ["Then", `${id}, ${version}`],
      ],
      go: "Move the account",
    });
    if (sure && (await attempt(() => put(`${path}/rules`, { id, version }))))
      window.location.reload();
  });
  one("#drop", root).addEventListener("click", async () => {
    const sure = await confirm({
      title: `Watch ${current().name} no more?`,
      sentence: "No rule of the firm is kept for it any longer: orders are no longer held against its limits. Its days, its curve and its violations are forgotten.",
      go: "Watch it no more",
      stay: "Keep watching",
      danger: true,
    });
    if (sure && (await attempt(() => remove(`${path}/rules`)))) window.location.assign("/funded");
  });
}
