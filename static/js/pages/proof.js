/** The proof: begin a storm, follow the one that runs, stop it.  The server renders what came out. */
import { ApiError, get, post } from "../api.js";
import { mountCopy } from "../copy.js";
import { confirm } from "../dialogs.js";
import { all, one } from "../dom.js";
import { attempt } from "../toast.js";

const EVERY_MS = 1000;
const SAID = {
  sending: "Sending alerts.",
  settling: "All are sent. The last orders come to their end.",
  judging: "The judge reads what is on paper.",
};
const TITLES = {
  account_id: "Account",
  alerts: "Alerts",
  senders: "Senders",
  resend: "Sent more than once",
  seed: "Seed",
};

/** What the form asks for; a number that is none stays text, which the server refuses in words. */
function wished(form) {
  const typed = Object.fromEntries(new FormData(form));
  const number = (text) => (/^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text);
  const { account_id, ...numbers } = typed;
  const read = Object.entries(numbers).map(([name, text]) => [name, number(text)]);
  return { account_id, ...Object.fromEntries(read) };
}

/** Say below the form what is wrong, and mark the fields. */
function refused(form, error) {
  const faults = Object.entries(error.fields).filter(([name]) => form.elements[name]);
  for (const field of form.elements) field.removeAttribute("aria-invalid");
  for (const [name] of faults) form.elements[name].setAttribute("aria-invalid", "true");
  const words = faults.map(([name, fault]) => `${TITLES[name]}: ${fault.replace(/\.$/, "")}.`);
  const said = one("#begin-error", form);
  said.textContent = words.length ? words.join(" ") : error.message;
  said.hidden = false;
  if (faults.length) form.elements[faults[0][0]].focus();
}

async function begin(form) {
  const button = one("button", form);
  button.disabled = true;
  try {
    const storm = await post("/api/storms", wished(form));
    location.assign(`/proof/${storm.id}`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    button.disabled = false;
    refused(form, error);
  }
}

function show(root, { report, settings }) {
  const going = report.progress ?? {};
  const said = one("[data-said]", root);
  const words = SAID[going.phase] ?? said.textContent;
  if (said.textContent !== words) said.textContent = words;
  one("progress", root).value = Math.min(going.done ?? 0, settings.alerts);
  one("[data-done]", root).textContent = Math.min(going.done ?? 0, settings.alerts);
  one("[data-posts]", root).textContent = going.posts ?? 0;
}

/** Ask each second how far it is; when it has ended the server shows what came out. */
function follow(root, id) {
  const look = async () => {
    const storm = await get(`/api/storms/${id}`).catch(() => null);
    if (storm && storm.state !== "running") location.reload();
    else {
      if (storm) show(root, storm);
      setTimeout(look, EVERY_MS);
    }
  };
  setTimeout(look, EVERY_MS);
}

async function stop(id) {
  const sure = await confirm({
    title: "Stop the storm?",
    sentence: "It ends without a verdict. What it has open is closed, and its strategies go to the archive.",
    go: "Stop the storm",
  });
  if (sure && (await attempt(() => post(`/api/storms/${id}/stop`)))) location.reload();
}

/** Mount both pages; `running` is the storm that is under way, or null. */
export function mount(root, { running }) {
  mountCopy(root);
  const form = one("#begin", root);
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    begin(form);
  });
  for (const button of all("[data-stop-storm]", root))
    button.addEventListener("click", () => stop(button.dataset.stopStorm));
  const going = one("[data-going]", root);
  if (running && going) follow(going, running.id);
}
