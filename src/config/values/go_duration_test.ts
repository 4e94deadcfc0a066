import assert from "node:assert/strict";
import fc from "fast-check";
import { formatGoDuration, parseGoDuration } from "./go_duration.ts";

const MAX_NS = 2n ** 63n - 1n;

Deno.test("parseGoDuration() reads what Go reads", () => {
  const cases: [string, bigint][] = [
    ["0", 0n],
    ["-0", 0n],
    ["0s", 0n],
    ["30s", 30_000_000_000n],
    ["1m30s", 90_000_000_000n],
    ["1h", 3_600_000_000_000n],
    ["1.5s", 1_500_000_000n],
    [".5s", 500_000_000n],
    ["5.s", 5_000_000_000n],
    ["+5s", 5_000_000_000n],
    ["-1m", -60_000_000_000n],
    ["100us", 100_000n],
    ["100\u00b5s", 100_000n],
    ["100\u03bcs", 100_000n],
    ["3ns", 3n],
    ["0.3ns", 0n],
    ["1s1h", 3_601_000_000_000n],
    ["9223372036854775807ns", MAX_NS],
  ];
  for (const [text, ns] of cases) {
    assert.deepEqual(parseGoDuration(text), { ok: true, ns }, text);
  }
});

Deno.test("parseGoDuration() refuses with Go's texts", () => {
  const cases: [string, string][] = [
    ["", 'time: invalid duration ""'],
    ["-", 'time: invalid duration "-"'],
    ["s", 'time: invalid duration "s"'],
    [".s", 'time: invalid duration ".s"'],
    ["abc", 'time: invalid duration "abc"'],
    ["3", 'time: missing unit in duration "3"'],
    ["1h5", 'time: missing unit in duration "1h5"'],
    ["1d", 'time: unknown unit "d" in duration "1d"'],
    ["5 s", 'time: unknown unit " s" in duration "5 s"'],
    ["9223372036854775808ns", 'time: invalid duration "9223372036854775808ns"'],
  ];
  for (const [text, error] of cases) {
    assert.deepEqual(parseGoDuration(text), { ok: false, error }, text);
  }
});

Deno.test("formatGoDuration() writes what Go writes", () => {
  const cases: [bigint, string][] = [
    [0n, "0s"],
    [1n, "1ns"],
    [1_100n, "1.1µs"],
    [2_200_000n, "2.2ms"],
    [3_300_000_000n, "3.3s"],
    [60_000_000_000n, "1m0s"],
    [245_000_000_000n, "4m5s"],
    [5_400_000_000_000n, "1h30m0s"],
    [-90_000_000_000n, "-1m30s"],
  ];
  for (const [ns, text] of cases) assert.equal(formatGoDuration(ns), text);
});

Deno.test("parseGoDuration() undoes formatGoDuration() for every duration", () => {
  fc.assert(fc.property(fc.bigInt({ min: -MAX_NS, max: MAX_NS }), (ns) => {
    assert.deepEqual(parseGoDuration(formatGoDuration(ns)), { ok: true, ns });
  }));
});

Deno.test("parseGoDuration() never throws", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    assert.equal(typeof parseGoDuration(text).ok, "boolean");
  }));
});
