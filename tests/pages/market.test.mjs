import "./page.mjs";
import assert from "node:assert/strict";
import test from "node:test";

const { overdue, until } = await import("./js/market.js");

const NOW = new Date("2026-03-04T18:46:30Z");
const open = {
  session: "regular",
  next_open: "2026-03-05T14:30:00.000Z",
  next_close: "2026-03-04T21:00:00.000Z",
};
const closed = { ...open, session: "closed" };

test("an open market says when it closes, a minute that has begun counts", () => {
  assert.equal(until(open, NOW), ", closes in 2 h 14 m");
  assert.equal(until(open, new Date("2026-03-04T20:59:59Z")), ", closes in 1 m");
});

test("any other says when it opens, beyond a day by weekday and time", () => {
  for (const session of ["pre", "post", "closed"])
    assert.equal(until({ ...closed, session }, NOW), ", opens in 19 h 44 m");
  const monday = { ...closed, next_open: "2026-03-09T13:30:00.000Z" };
  assert.equal(until(monday, NOW), ", opens Mon 08:30");
});

test("a market that never closes says nothing of it and is never overdue", () => {
  const always = { session: "regular", next_open: null, next_close: null };
  assert.equal(until(always, NOW), "");
  assert.equal(overdue(always, NOW), false);
});

test("what should have been told a while ago is asked for", () => {
  assert.equal(overdue(open, new Date("2026-03-04T21:00:04Z")), false);
  assert.equal(overdue(open, new Date("2026-03-04T21:00:06Z")), true);
  assert.equal(overdue(closed, new Date("2026-03-04T21:00:06Z")), false);
  assert.equal(overdue(closed, new Date("2026-03-05T14:30:06Z")), true);
});
