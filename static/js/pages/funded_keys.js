/** Keys of the NinjaTrader add-on: made, shown once, taken back. */
import { post, remove } from "../api.js";
import { mountCopy } from "../copy.js";
import { confirm } from "../dialogs.js";
import { make, one } from "../dom.js";
import { plural, stamp } from "../fmt.js";
import { setText } from "../live.js";
import { attempt, toast } from "../toast.js";
import { sent, tell } from "../whatif.js";

const PATH = "/api/addon-keys";

/** Mount the page; `data` is {keys, base_url}. */
export function mount(root, data) {
  const list = one("#keys", root);
  const form = one("#new-key", root);
  let { keys } = data;

  const draw = () => {
    const working = keys.filter((key) => !key.revoked_at);
    const revoked = keys.filter((key) => key.revoked_at);
    list.replaceChildren(...[...working, ...revoked].map((key) => rowOf(key, revoke)));
    list.hidden = keys.length === 0;
    one("#no-keys", root).hidden = keys.length > 0;
    setText(one("#keys-count", root), keys.length ? `${plural(working.length, "key")} in use` : "");
  };
  const revoke = async (key) => {
    const sure = await confirm({
      title: `Revoke ${key.name}?`,
      sentence: "Its add-on is refused at once, and the accounts that it tells of become stale. It cannot be brought back.",
      go: "Revoke key",
      stay: "Keep key",
      danger: true,
    });
    if (!sure || !(await attempt(() => remove(`${PATH}/${key.id}`)))) return;
    const now = new Date().toISOString();
    keys = keys.map((each) => (each.id === key.id ? { ...each, revoked_at: now } : each));
    draw();
    toast(`${key.name} is revoked.`);
  };

  mountCopy(root);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = form.elements.name.value.trim();
    if (!name) {
      tell(form, { name: "Enter a name, such as Trading computer." });
      return;
    }
    const signed = form.elements.signed.checked;
    const made = await sent(form, () => post(PATH, { name, signed }));
    if (!made) return;
    form.elements.name.value = "";
    const { secret, ...key } = made;
    keys = [key, ...keys];
    draw();
    one("#made", root).hidden = false;
    setText(one("#made-title", root), `Your new key, ${key.name}`);
    setText(one("#secret", root), secret);
    setText(one("#address", root), data.base_url);
    one("#made", root).scrollIntoView({ block: "nearest" });
  });
  draw();
}

function rowOf(key, revoke) {
  const heard = key.last_used_at ? `, last used ${stamp(key.last_used_at)}` : ", not used yet";
  const ended = key.revoked_at ? `, revoked ${stamp(key.revoked_at)}` : heard;
  const said = `Made ${stamp(key.created_at)}${ended}`;
  const what = make(
    "div",
    { className: "what" },
    make("span", { textContent: key.signed ? `${key.name}, signed` : key.name }),
    make("span", { className: "sub", textContent: said }),
  );
  const row = make("li", {}, what, make("span", { className: "spacer" }));
  if (key.revoked_at) {
    row.dataset.revoked = "";
    row.append(make("span", { className: "chip", textContent: "Revoked" }));
    return row;
  }
  const button = make("button", { type: "button", className: "mini", textContent: "Revoke" });
  button.setAttribute("aria-label", `Revoke ${key.name}`);
  button.addEventListener("click", () => revoke(key));
  row.append(button);
  return row;
}
