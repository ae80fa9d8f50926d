import assert from "node:assert/strict";
import { test } from "node:test";
import "./page.mjs";

const { shareOf } = await import("./js/faults.js");

test("a probability is said as people say it", () => {
  const said = {
    "": "never",
    0: "never",
    "0.0": "never",
    1: "always",
    0.5: "1 in 2",
    0.05: "1 in 20",
    0.01: "1 in 100",
    0.003: "1 in 333",
    0.4: "1 in 2.5",
    0.75: "75 %",
  };
  for (const [text, words] of Object.entries(said)) assert.equal(shareOf(text), words, text);
});

test("what is no probability has no words", () => {
  for (const text of ["often", "-0.1", "1.5", "NaN", "Infinity"]) assert.equal(shareOf(text), "");
});
