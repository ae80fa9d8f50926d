/** One statement beside our fills: it can be deleted. */
import { mountRemoving } from "../statements.js";

/** Mount the page; `data` is {id, file_name}. */
export function mount(root) {
  mountRemoving(root);
}
