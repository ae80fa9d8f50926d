/**
 * Virtual live table: a fixed pool of rows moved by transform, data keyed in a Map, sorted at most
 * once a second.
 *
 * A column is {title, key?, width, num?, pad?, cls?, text?(row), hint?(row), sign?(row),
 * stale?(row), flash?, make?(current), paint?(node, row)}; `hint` is shown on hover.
 * `make` builds the cell's node and gets a function that returns the row shown in it now; `paint`
 * fills it.
 */
import { dirty, onPaint, setAttr, setText } from "./live.js";
import { make } from "./dom.js";

const HEAD = 30;
const RESORT_MS = 1000;
const FLASH_MS = 700;
const SPARE = 2;

/** Order of two values; numbers in strings count as numbers, unknown comes last. */
function compare(left, right) {
  if (left === right) return 0;
  if (left === null || left === undefined) return -1;
  if (right === null || right === undefined) return 1;
  return left < right ? -1 : 1;
}

function cellClass(column) {
  return ["c", column.num && "num", column.pad && "pad", column.cls].filter(Boolean).join(" ");
}

/** A table of thousands of rows of which only those in sight are nodes. */
export class LiveTable {
  /** Take over `element`; `sort` is {key, dir} with dir 1 or -1. */
  constructor(element, columns, { sort, label, minWidth }) {
    Object.assign(this, { element, columns, sort });
    this.rowHeight = parseFloat(getComputedStyle(element).getPropertyValue("--row"));
    this.rows = new Map();
    this.order = [];
    this.pool = [];
    this.changed = new Set();
    this.unsorted = true;
    this.moved = true;
    this.sortedAt = 0;
    this.#dress(label, minWidth);
    element.addEventListener("scroll", () => this.#refresh(), { passive: true });
    new ResizeObserver(() => this.#refresh()).observe(element);
    onPaint(() => this.#paint());
    dirty();
  }

  /** Add or update a row by its `id`. */
  put(row) {
    const known = this.rows.get(row.id);
    if (known) Object.assign(known, row);
    else {
      this.rows.set(row.id, row);
      this.unsorted = true;
    }
    this.changed.add(row.id);
    dirty();
  }

  /** Forget a row. */
  drop(id) {
    if (!this.rows.delete(id)) return;
    this.unsorted = true;
    dirty();
  }

  /** Show exactly these rows. */
  replace(rows) {
    const kept = new Set(rows.map((row) => row.id));
    for (const id of [...this.rows.keys()]) if (!kept.has(id)) this.drop(id);
    for (const row of rows) this.put(row);
  }

  #refresh() {
    this.moved = true;
    dirty();
  }

  #dress(label, minWidth) {
    const { element } = this;
    element.style.setProperty("--cols", this.columns.map((column) => column.width).join(" "));
    if (minWidth) element.style.setProperty("--min-width", minWidth);
    element.setAttribute("role", "table");
    element.setAttribute("aria-label", label);
    element.tabIndex = 0;
    this.head = make("div", { className: "hd", role: "row" });
    for (const column of this.columns) this.head.append(this.#headCell(column));
    this.body = make("div", { role: "rowgroup" });
    element.replaceChildren(
      make("div", { role: "rowgroup", className: "head" }, this.head),
      this.body,
    );
    this.head.parentNode.style.display = "contents";
    this.#markSort();
  }

  #headCell(column) {
    const cell = make("div", { className: cellClass(column), role: "columnheader" });
    column.head = cell;
    if (!column.key) {
      cell.append(make("span", { className: column.shown ? "" : "vh", textContent: column.title }));
      return cell;
    }
    const button = make("button", { type: "button", textContent: column.title });
    button.addEventListener("click", () => this.#sortBy(column.key));
    cell.append(button);
    return cell;
  }

  #sortBy(key) {
    this.sort = { key, dir: this.sort.key === key ? -this.sort.dir : -1 };
    this.unsorted = true;
    this.#markSort();
    dirty();
  }

  #markSort() {
    const word = this.sort.dir < 0 ? "descending" : "ascending";
    for (const { key, head } of this.columns) {
      if (key) head.setAttribute("aria-sort", key === this.sort.key ? word : "none");
    }
  }

  #arrange(now) {
    const { key, dir } = this.sort;
    this.order = [...this.rows.values()].sort(
      (a, b) => dir * compare(a[key], b[key]) || compare(String(a.id), String(b.id)),
    );
    this.unsorted = false;
    this.moved = true;
    this.sortedAt = now;
    setAttr(this.element, "aria-rowcount", String(this.order.length + 1));
    setAttr(this.element, "data-empty", String(this.order.length === 0));
    this.body.style.height = `${this.order.length * this.rowHeight}px`;
  }

  #paint() {
    const now = performance.now();
    const due = this.changed.size > 0 && now - this.sortedAt > RESORT_MS;
    if (this.unsorted || due) this.#arrange(now);
    if (!this.moved && !this.changed.size) return;
    const top = Math.max(0, Math.floor(this.element.scrollTop / this.rowHeight) - SPARE);
    const fits = Math.ceil(this.element.clientHeight / this.rowHeight) + 2 * SPARE;
    const shown = Math.min(this.order.length - top, fits);
    for (let i = 0; i < shown; i++) this.#paintRow(this.pool[i] ?? this.#grow(), top + i, now);
    for (let i = Math.max(shown, 0); i < this.pool.length; i++) this.pool[i].node.hidden = true;
    this.changed.clear();
    this.moved = false;
  }

  #grow() {
    const slot = { node: make("div", { className: "r", role: "row" }), row: null };
    const current = () => slot.row;
    slot.cells = this.columns.map((column) => {
      const inner = column.make ? column.make(current) : make("span");
      slot.node.append(make("div", { className: cellClass(column), role: "cell" }, inner));
      return { inner };
    });
    this.body.append(slot.node);
    this.pool.push(slot);
    return slot;
  }

  #paintRow(slot, index, now) {
    const row = this.order[index];
    const other = slot.row !== row;
    if (!other && !this.moved && !this.changed.has(row.id)) return;
    slot.row = row;
    slot.node.hidden = false;
    setAttr(slot.node, "aria-rowindex", String(index + 2));
    const y = index * this.rowHeight;
    if (slot.y !== y) slot.node.style.transform = `translateY(${(slot.y = y)}px)`;
    this.columns.forEach((column, i) =>
      this.#paintCell(column, slot.cells[i], row, other ? 0 : now),
    );
  }

  #paintCell(column, cell, row, now) {
    if (column.paint) {
      column.paint(cell.inner, row);
      return;
    }
    const wrote = setText(
      cell.inner,
      column.text ? column.text(row) : String(row[column.key] ?? "\u2013"),
    );
    if (wrote && !column.num) cell.inner.title = cell.inner.textContent;
    if (column.hint) setAttr(cell.inner, "title", column.hint(row));
    if (column.sign) setAttr(cell.inner, "data-s", String(column.sign(row)));
    if (column.stale) setAttr(cell.inner, "data-stale", String(column.stale(row)));
    if (!column.flash) return;
    if (wrote && now) flash(cell, row[column.key], now);
    cell.last = row[column.key];
  }
}

/**
 * Tint a cell that moved; without a forced reflow, so the same direction waits for the animation's
 * end.
 */
function flash(cell, value, now) {
  if (cell.last === undefined || cell.last === null || value === null) return;
  const name = value >= cell.last ? "tick-u" : "tick-d";
  cell.inner.classList.remove("tick-u", "tick-d");
  if (cell.flashed === name && now - cell.flashedAt < FLASH_MS) return;
  cell.inner.classList.add(name);
  cell.flashed = name;
  cell.flashedAt = now;
}

/** A cell's maker for a profit or loss with its triangle. */
export const pnlCell = () => make("span", { className: "pnl arrow fig" });
