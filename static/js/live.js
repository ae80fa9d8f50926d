/**
 * One frame scheduler for the whole page.  Messages only overwrite state; painting happens once a
 * frame,
 * never in a socket handler, and not at all in a hidden tab.
 */
const painters = new Set();
const written = new WeakMap();
let queued = false;

/** Call `paint` in each frame that has something to show. */
export function onPaint(paint) {
  painters.add(paint);
}

/** Ask for a frame. */
export function dirty() {
  if (queued) return;
  queued = true;
  requestAnimationFrame(flush);
}

function flush() {
  queued = false;
  for (const paint of painters) paint();
}

function remember(node) {
  let last = written.get(node);
  if (!last) written.set(node, (last = {}));
  return last;
}

/**
 * Write text only when it changed (a write that changes nothing still costs style work); says
 * whether it did.
 */
export function setText(node, text) {
  const last = remember(node);
  if (last.text === text) return false;
  last.text = text;
  if (node.firstChild?.nodeType === Node.TEXT_NODE) node.firstChild.nodeValue = text;
  else node.prepend(document.createTextNode(text));
  return true;
}

/** Write an attribute only when it changed. */
export function setAttr(node, name, value) {
  const last = remember(node);
  if (last[name] === value) return;
  last[name] = value;
  node.setAttribute(name, value);
}

/** Write a profit or loss: its text and its sign for colour and triangle. */
export function setPnl(node, text, sign) {
  setText(node, text);
  setAttr(node, "data-s", String(sign));
}
