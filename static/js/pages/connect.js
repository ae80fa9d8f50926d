/** Connecting an account: its keys are tried, then kept; what is typed stays until they are. */
import { post } from "../api.js";
import { one } from "../dom.js";
import { boundsOf, forgetKeys, keysOf, onSubmit, sendFrom, settingsOf } from "../fields.js";
import { showAsking, showRefused, showTrial } from "../trial.js";

/** Whether a refusal says more than what is wrong beside the fields. */
const saysMore = ({ name, code }) => name === "ApiError" && code !== "INVALID_INPUT";

/** Mount the page; it needs no data. */
export function mount(root) {
  const form = one("#connect", root);
  const trial = one("#trial", root);
  const mode = () => form.elements.mode.value;
  const describe = () => {
    one("#bounds", root).hidden = mode() !== "live";
  };
  const ask = async (action) => {
    showAsking(trial);
    const said = await sendFrom(form, async () => {
      try {
        return await action();
      } catch (error) {
        showRefused(trial, saysMore(error) ? error.message : "");
        throw error;
      }
    });
    return said;
  };
  const attempt = async () => {
    const said = await ask(() =>
      post("/api/accounts/test-connection", { mode: mode(), ...keysOf(form) }),
    );
    if (said) showTrial(trial, said);
  };
  const connect = async () => {
    const bounds = mode() === "live" ? boundsOf(form) : {};
    const body = {
      name: form.elements.name.value,
      mode: mode(),
      roll: form.elements.roll.value.trim() || null,
      settings: settingsOf(form),
      ...keysOf(form),
      ...bounds,
    };
    const made = await ask(() => post("/api/accounts/connect", body));
    if (!made) return;
    forgetKeys(form);
    location.assign(`/accounts/${made.id}`);
  };
  for (const radio of form.elements.mode) radio.addEventListener("change", describe);
  one("#try", root).addEventListener("click", attempt);
  onSubmit(form, connect);
  describe();
}
