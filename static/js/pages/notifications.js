/** Channels of notices: added, changed, tried, switched, removed. */
import { patch, post, remove } from "../api.js";
import { confirm } from "../dialogs.js";
import { all, make, one } from "../dom.js";
import { plural, stamp } from "../fmt.js";
import { setText } from "../live.js";
import { attempt, toast } from "../toast.js";

const PATH = "/api/notifications/channels";
const when = (at) => stamp(new Date(at));

/** Mount the page; `data` is {channels, names, most}. */
export function mount(root, data) {
  const list = one("#channels", root);
  let channels = data.channels;

  const draw = () => {
    list.replaceChildren(...channels.map((channel) => rowOf(channel, data.names, does)));
    list.hidden = channels.length === 0;
    one("#no-channels", root).hidden = channels.length > 0;
    const count = `${plural(channels.length, "channel")} of ${data.most}`;
    setText(one("#channels-count", root), channels.length ? count : "");
  };
  const put = (channel) => {
    const known = channels.some((each) => each.id === channel.id);
    channels = known
      ? channels.map((each) => (each.id === channel.id ? channel : each))
      : [...channels, channel];
    draw();
  };
  const form = mountForm(one("#channel", root), put);
  const does = {
    change: form.change,
    async test(channel, button) {
      button.disabled = true;
      button.textContent = "Sending…";
      const tested = await attempt(() => post(`${PATH}/${channel.id}/test`));
      if (!tested) return draw();
      put(tested.channel);
      toast(tested.message, tested.sent ? "ok" : "bad");
    },
    async toggle(channel) {
      const enabled = !channel.enabled;
      const changed = await attempt(() => patch(`${PATH}/${channel.id}`, { enabled }));
      if (changed) put(changed);
    },
    async remove(channel) {
      const sure = await confirm({
        title: `Remove ${channel.name}?`,
        sentence: "Its address is forgotten, and nothing comes there any more.",
        go: "Remove channel",
        stay: "Keep channel",
        danger: true,
      });
      const done = sure && (await attempt(() => remove(`${PATH}/${channel.id}`)));
      if (!done) return;
      channels = channels.filter((each) => each.id !== channel.id);
      form.forget(channel);
      draw();
    },
  };
  draw();
}

/** The form adds a channel, or changes the one that it was filled with. */
function mountForm(form, done) {
  let changing = null;
  const boxes = all("[name=categories]", form);
  const { name, address } = form.elements;

  const say = (fields) => {
    for (const place of all("[data-error]", form)) {
      const problem = fields[place.dataset.error] ?? "";
      place.textContent = problem;
      form.elements[place.dataset.error].setAttribute?.("aria-invalid", String(Boolean(problem)));
    }
  };
  const show = (channel) => {
    changing = channel;
    say({});
    name.value = channel?.name ?? "";
    address.value = "";
    address.placeholder = channel ? `${channel.address} stays, unless you enter another` : "service://…";
    for (const box of boxes) box.checked = !channel || channel.categories.includes(box.value);
    setText(one("#form-title"), channel ? `Change ${channel.name}` : "New channel");
    setText(one("#save", form), channel ? "Save changes" : "Add channel");
    one("#leave", form).hidden = !channel;
  };
  const send = async () => {
    const categories = boxes.filter((box) => box.checked).map((box) => box.value);
    const given = address.value.trim() ? { address: address.value.trim() } : {};
    const body = { name: name.value, categories, ...given };
    const sent = changing
      ? await patch(`${PATH}/${changing.id}`, body)
      : await post(PATH, { address: "", ...body });
    toast(changing ? `${sent.name} is changed.` : `${sent.name} is added. Send a test to try it.`);
    show(null);
    done(sent);
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = one("#save", form);
    button.disabled = true;
    say({});
    try {
      await send();
    } catch (error) {
      if (error.name !== "ApiError") throw error;
      say(error.fields);
      const wrong = all("[data-error]", form).find((place) => place.textContent);
      if (!wrong) toast(error.message, "bad");
      else form.elements[wrong.dataset.error].focus?.();
    } finally {
      button.disabled = false;
    }
  });
  one("#leave", form).addEventListener("click", () => show(null));
  return {
    change(channel) {
      show(channel);
      form.scrollIntoView({ block: "nearest" });
      name.focus();
    },
    forget(channel) {
      if (changing?.id === channel.id) show(null);
    },
  };
}

function rowOf(channel, names, does) {
  const what = make("div", { className: "what" });
  const told = channel.categories.map((each) => names[each]);
  const everything = told.length === Object.keys(names).length;
  const title = make("span", { className: "title" }, make("strong", { textContent: channel.name }));
  if (!channel.enabled) title.append(make("span", { className: "chip", textContent: "Off" }));
  what.append(
    title,
    make("span", { className: "sub", textContent: `${channel.service}, ${channel.address}` }),
    make("span", { className: "sub", textContent: everything ? "Everything" : told.join(", ") }),
    ...resultOf(channel),
  );
  const button = (text, run) => {
    const made = make("button", { type: "button", className: "mini", textContent: text });
    made.setAttribute("aria-label", `${text}: ${channel.name}`);
    made.addEventListener("click", () => run(channel, made));
    return made;
  };
  const row = make("li", {}, what);
  if (!channel.enabled) row.dataset.off = "";
  const did = make("div", { className: "did" });
  did.append(
    button("Send a test", does.test),
    button("Change", does.change),
    button(channel.enabled ? "Switch off" : "Switch on", does.toggle),
    button("Remove", does.remove),
  );
  row.append(did);
  return row;
}

/** What became of the last notice, and what was given up. */
function resultOf(channel) {
  const lines = [];
  if (channel.last_error) {
    const text = `Not delivered ${when(channel.last_error_at)}: ${channel.last_error}`;
    lines.push(make("span", { className: "bad", textContent: text }));
  }
  const last = channel.last_sent_at ? `Last delivered ${when(channel.last_sent_at)}` : "Nothing delivered yet";
  lines.push(make("span", { className: "sub", textContent: last }));
  if (channel.lost) {
    const text = `${plural(channel.lost, "notice")} given up so far`;
    lines.push(make("span", { className: "bad", textContent: text }));
  }
  return lines;
}
