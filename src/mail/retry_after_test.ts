import assert from "node:assert/strict";
import { retryAfterMs } from "./retry_after.ts";

Deno.test("retryAfterMs() reads seconds and HTTP dates", () => {
  const nowMs = Date.UTC(2025, 0, 25, 10, 30);
  const cases: readonly [string | null | undefined, number | undefined][] = [
    ["0", 0],
    [" 120 ", 120_000],
    ["Sat, 25 Jan 2025 10:31:00 GMT", 60_000],
    ["Saturday, 25-Jan-25 10:31:00 GMT", 60_000],
    ["Sat, 25 Jan 2025 10:00:00 GMT", 0],
    ["9".repeat(400), 3_600_000],
    ["Sat, 25 Jan 2225 10:00:00 GMT", 3_600_000],
    ["-5", undefined],
    ["1.5", undefined],
    ["soon", undefined],
    ["", undefined],
    [null, undefined],
    [undefined, undefined],
  ];
  for (const [value, expected] of cases) {
    assert.equal(retryAfterMs(value, nowMs), expected, JSON.stringify(value));
  }
});
