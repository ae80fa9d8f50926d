import "./page.mjs";
import assert from "node:assert/strict";
import test from "node:test";

const fmt = await import("./js/fmt.js");

test("an unknown value is an en dash, never zero", () => {
  for (const write of [
    fmt.money,
    fmt.pnl,
    fmt.pnlShort,
    fmt.drawdown,
    fmt.percent,
    fmt.ratio,
    fmt.price,
    fmt.quantity,
  ]) {
    for (const unknown of [null, undefined, ""]) assert.equal(write(unknown), "\u2013");
  }
});

test("zero has neither sign nor colour", () => {
  assert.equal(fmt.pnl("0"), "$0.00");
  assert.equal(fmt.pnl("-0.004"), "$0.00");
  assert.equal(fmt.sgn("-0.004"), 0);
});

test("a drawdown is written as a loss whichever way the server signs it", () => {
  assert.equal(fmt.drawdown("310.5"), "\u2212$310.50");
  assert.equal(fmt.drawdown("-310.5"), "\u2212$310.50");
});

test("a price has the decimals of its tick, or at least two", () => {
  assert.equal(fmt.price("6012.5", "0.25"), "6012.50");
  assert.equal(fmt.price("110.015625", "0.015625"), "110.015625");
  assert.equal(fmt.price("6012"), "6012.00");
  assert.equal(fmt.price("0.00001234"), "0.00001234");
  assert.equal(fmt.price("-37.63"), "\u221237.63");
});

test("an average price keeps four decimals, and all of them below one", () => {
  assert.equal(fmt.average("6800.166666666666666667"), "6800.1667");
  assert.equal(fmt.average("6800.5"), "6800.50");
  assert.equal(fmt.average("0.00001234"), "0.00001234");
});

test("a share is a percentage", () => assert.equal(fmt.percent("0.583"), "58.3%"));

test("the reset is counted in its own zone, also past midnight", () => {
  const at = new Date("2026-11-20T19:43:00Z");
  assert.equal(fmt.minutesUntil("16:00", "America/Chicago", at), 137);
  assert.equal(fmt.duration(137), "2 h 17 m");
  const evening = new Date("2026-11-21T01:15:00Z");
  assert.equal(fmt.minutesUntil("16:00", "America/Chicago", evening), 20 * 60 + 45);
});

test("clock times are the reader's, at midnight 00 and not 24", () => {
  assert.equal(fmt.clock("2026-11-20T19:42:18Z"), "13:42:18");
  assert.equal(fmt.clock("2026-11-20T06:00:00Z"), "00:00:00");
});
