/** API tokens: made, shown once, taken back. */
import { post, remove } from "../api.js";
import { mountCopy } from "../copy.js";
import { confirm } from "../dialogs.js";
import { make, one } from "../dom.js";
import { plural, stamp } from "../fmt.js";
import { setText } from "../live.js";
import { attempt, toast } from "../toast.js";

const when = (at) => stamp(new Date(at));

/** Mount the page; `data` is {tokens, base_url}. */
export function mount(root, data) {
  const list = one("#tokens", root);
  let tokens = data.tokens;

  const draw = () => {
    const working = tokens.filter((token) => !token.revoked_at);
    const revoked = tokens.filter((token) => token.revoked_at);
    list.replaceChildren(...[...working, ...revoked].map((token) => rowOf(token, revoke)));
    list.hidden = tokens.length === 0;
    one("#no-tokens", root).hidden = tokens.length > 0;
    setText(one("#tokens-count", root), tokens.length ? `${plural(working.length, "token")} in use` : "");
  };
  const revoke = async (token) => {
    const sure = await confirm({
      title: `Revoke ${token.name}?`,
      sentence: "Programs that send it are refused at once. It cannot be brought back.",
      facts: [["Made", when(token.created_at)]],
      go: "Revoke token",
      stay: "Keep token",
      danger: true,
    });
    const done = sure && (await attempt(() => remove(`/api/tokens/${token.id}`)));
    if (!done) return;
    const now = new Date().toISOString();
    tokens = tokens.map((each) => (each.id === token.id ? { ...each, revoked_at: now } : each));
    draw();
    toast(`${token.name} is revoked.`);
  };

  mountCopy(root);
  mountForm(one("#new-token", root), (made) => {
    const { secret, ...token } = made;
    tokens = [token, ...tokens];
    draw();
    one("#made", root).hidden = false;
    setText(one("#made-title", root), `Your new token, ${token.name}`);
    setText(one("#secret", root), secret);
    const address = `${data.base_url}/api/summary`;
    setText(one("#example", root), `curl -H "Authorization: Bearer ${secret}" ${address}`);
    one("#made", root).scrollIntoView({ block: "nearest" });
  });
  draw();
}

function mountForm(form, done) {
  const field = form.elements.name;
  const error = one("[data-error=name]", form);
  const say = (text) => {
    error.textContent = text;
    field.setAttribute("aria-invalid", String(Boolean(text)));
  };
  field.addEventListener("input", () => say(""));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = field.value.trim();
    if (!name) {
      say("Enter a name, such as My bot.");
      field.focus();
      return;
    }
    const made = await attempt(() => post("/api/tokens", { name }));
    if (!made) return;
    field.value = "";
    done(made);
  });
}

function rowOf(token, revoke) {
  const what = make("div", { className: "what" });
  const made = `Made ${when(token.created_at)}`;
  const ended = token.revoked_at ? `${made}, revoked ${when(token.revoked_at)}` : made;
  what.append(
    make("span", { textContent: token.name }),
    make("span", { className: "sub", textContent: ended }),
  );
  const row = make("li", {}, what, make("span", { className: "spacer" }));
  if (token.revoked_at) {
    row.dataset.revoked = "";
    row.append(make("span", { className: "chip", textContent: "Revoked" }));
    return row;
  }
  const button = make("button", { type: "button", className: "mini", textContent: "Revoke" });
  button.setAttribute("aria-label", `Revoke ${token.name}`);
  button.addEventListener("click", () => revoke(token));
  row.append(button);
  return row;
}
