/**
 * Start of every page: the frame, then the page's own module with the data that the server put
 * into #boot.
 */
import { one } from "./dom.js";

const data = JSON.parse(one("#boot").textContent);
const { page, user } = document.body.dataset;
const shell = user ? (await import("./shell.js")).mountShell() : null;
if (page) {
  const { mount } = await import(`./pages/${page}.js`);
  mount(one("#main"), data, shell);
}
shell?.feed.start();
document.documentElement.dataset.ready = "true";
