import assert from "node:assert/strict";
import type { Figure } from "./figures.ts";
import { isRegression, line, summarize } from "./results.ts";

const LATENCY: Figure = { id: "x", name: "latency", unit: "ms", better: "lower", digits: 1 };
const RATE: Figure = { id: "y", name: "rate", unit: "emails/s", better: "higher", digits: 0 };
const of = (median: number) => ({ median, min: median, max: median, runs: 1 });

Deno.test("summarize() gives median, spread and number of runs", () => {
  const samples = [3, 1, 2, 9, 4].map((x) => ({ x }));
  assert.deepEqual(summarize(samples, "x"), { median: 3, min: 1, max: 9, runs: 5 });
});

Deno.test("isRegression() marks more than 15 % for the worse, in the figure's own direction", () => {
  assert.equal(isRegression(LATENCY, of(116), of(100)), true);
  assert.equal(isRegression(LATENCY, of(114), of(100)), false);
  assert.equal(isRegression(LATENCY, of(50), of(100)), false);
  assert.equal(isRegression(RATE, of(80), of(100)), true);
  assert.equal(isRegression(RATE, of(200), of(100)), false);
  assert.equal(isRegression(RATE, of(80), undefined), false);
});

Deno.test("line() shows the median with its unit, the spread, and a regression", () => {
  const text = line(RATE, { median: 80, min: 70, max: 90, runs: 5 }, of(100));
  assert.match(text, /^rate +80 emails\/s +\(70 to 90\) {2}before: 100 {2}REGRESSION$/);
});
