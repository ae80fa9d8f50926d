/** The cards of a connected account: how its stream stands, its keys, its limits, its settings. */
import { get, post, put } from "./api.js";
import { confirm } from "./dialogs.js";
import { all, one } from "./dom.js";
import { boundsOf, forgetKeys, keysOf, onSubmit, sendFrom, settingsOf } from "./fields.js";
import { plural, stamp } from "./fmt.js";
import { setAttr, setText } from "./live.js";
import { attempt, toast } from "./toast.js";
import { showAsking, showRefused, showTrial } from "./trial.js";
import { mountVenueDays } from "./venuedays.js";

const EVERY_MS = 3000;
const when = (at) => stamp(new Date(at));

/** How long ago something was, in the largest unit that says something. */
function ago(at, now) {
  const seconds = Math.max(0, Math.round((now - new Date(at)) / 1000));
  if (seconds < 90) return `${plural(seconds, "second")} ago`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${plural(minutes, "minute")} ago` : when(at);
}

function linkOf({ connected, stream }) {
  if (!connected) return ["Disconnected", "none"];
  return stream.up ? ["Connected", "ok"] : ["Stream is down", "bad"];
}

function requestsOf(stream) {
  if (stream?.requests_per_minute === null || !stream) return "Not known yet";
  const left = stream.requests_left ?? stream.requests_per_minute;
  return `${left} of ${plural(stream.requests_per_minute, "request")} left this minute`;
}

/** Show how the account is connected in its card. */
function show(card, state) {
  const { stream } = state;
  const now = Date.now();
  const [word, tone] = linkOf(state);
  const chip = one("[data-link]", card);
  setText(chip, word);
  setAttr(chip, "data-tone", tone);
  const since = stream?.since ? ` since ${when(stream.since)}` : "";
  setText(one("[data-stream]", card), stream ? `${stream.up ? "Up" : "Down"}${since}` : "Closed");
  const last = stream?.last_message_at;
  setText(one("[data-last]", card), last ? ago(last, now) : "None yet");
  setText(one("[data-requests]", card), requestsOf(stream));
  for (const row of all("[data-while-up]", card)) row.hidden = !state.connected;
  const stays = one("[data-stays]", card);
  stays.hidden = state.connected;
  setText(stays, staysOf(state));
  const key = state.key_hint ? `${state.key_hint}, since ${when(state.keys_since)}` : "None kept";
  setText(one("[data-key]", card), key);
  const error = one("[data-link-error]", card);
  error.hidden = !stream?.last_error;
  setText(error, stream?.last_error ?? "");
  for (const name of ["test", "disconnect"])
    one(`[data-do=${name}]`, card).hidden = !state.connected;
  setText(one("[data-do=keys]", card), state.connected ? "New keys" : "Enter keys");
}

/** What of the account stays at its venue, such as "2 working orders and 1 open position". */
function leftOf({ working_orders: working, open_positions: open }) {
  const left = [];
  if (working) left.push(plural(working, "working order"));
  if (open) left.push(plural(open, "open position"));
  return left.join(" and ");
}

function staysOf(state) {
  const left = leftOf(state);
  const there = left ? ` By the books, ${left} stayed at ${state.venue_title}: look after them there.` : "";
  return `Its history stays here.${there} New keys of the same account connect it again.`;
}

function question(state) {
  const { account_name: name, venue_title: venue } = state;
  const left = leftOf(state);
  const there = left
    ? `It has ${left}. What is open stays at ${venue}, and nothing here looks after it any more: cancel and close first, or do it there. `
    : "";
  return {
    title: `Disconnect ${name}?`,
    sentence: `${there}Its keys are forgotten, and nothing is traded on it any more. Its history stays, and new keys connect it again.`,
    go: "Disconnect",
    stay: "Stay connected",
    danger: true,
  };
}

/** Keep the cards fresh and wire their buttons; `state` as GET /api/accounts/<id>/connection. */
export function mountConnection(root, state) {
  const card = one("#connection-card", root);
  const path = `/api/accounts/${state.account_id}`;
  let known = state;
  const tellDays = mountVenueDays(one("#venue-days", root), path, state);
  const draw = (found) => {
    known = found;
    show(card, found);
    tellDays(found);
  };
  const load = async () => {
    try {
      draw(await get(`${path}/connection`));
    } catch (error) {
      if (error.name !== "ApiError") throw error;
      // The connection's sign says that the server cannot be reached.
    }
  };
  one("[data-do=test]", card).addEventListener("click", () => test(card, path));
  one("[data-do=disconnect]", card).addEventListener("click", async () => {
    await load();
    if (!(await confirm(question(known)))) return;
    const done = await attempt(() => post(`${path}/disconnect`));
    if (!done) return;
    showRefused(one("[data-trial]", card));
    draw(done);
    toast(`${known.account_name} is disconnected.`);
  });
  mountKeys(one("#new-keys", root), card, path, draw);
  mountLimits(one("#limits", root), path, known);
  mountSettings(one("#venue-settings", root), path);
  draw(state);
  setInterval(() => document.hidden || load(), EVERY_MS);
}

async function test(card, path) {
  const place = one("[data-trial]", card);
  const button = one("[data-do=test]", card);
  button.disabled = true;
  showAsking(place);
  try {
    showTrial(place, await post(`${path}/test`));
  } catch (error) {
    if (error.name !== "ApiError") throw error;
    showRefused(place, error.message);
  } finally {
    button.disabled = false;
  }
}

function mountKeys(form, card, path, draw) {
  const open = (shown) => {
    form.hidden = !shown;
    forgetKeys(form);
    if (shown) form.elements.key.focus();
  };
  one("[data-do=keys]", card).addEventListener("click", () => open(form.hidden));
  one("[data-leave]", form).addEventListener("click", () => open(false));
  onSubmit(form, async () => {
    const found = await sendFrom(form, () => put(`${path}/keys`, keysOf(form)));
    if (!found) return;
    open(false);
    showRefused(one("[data-trial]", card));
    draw(found);
    toast(`${found.account_name} uses the key ${found.key_hint}.`);
  });
}

function mountLimits(form, path, { account_name: name }) {
  const confirmation = one("[data-confirm]", form);
  onSubmit(form, async () => {
    const saved = await sendFrom(form, async () => {
      try {
        return await put(`${path}/limits`, boundsOf(form));
      } catch (error) {
        if (error.fields?.confirmation && confirmation) confirmation.hidden = false;
        throw error;
      }
    });
    if (!saved) return;
    if (confirmation) {
      confirmation.hidden = true;
      form.elements.confirmation.value = "";
    }
    toast(`The limits of ${name} are saved.`);
  });
}

function mountSettings(form, path) {
  onSubmit(form, async () => {
    const body = { settings: settingsOf(form) };
    const saved = await sendFrom(form, () => put(`${path}/connection`, body));
    if (saved) toast(`The settings of ${saved.account_name} are saved.`);
  });
}
