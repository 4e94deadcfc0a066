import assert from "node:assert/strict";
import { formatDuration, formatRelative, formatTime } from "./durations.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

Deno.test("formatDuration() has at most two units", () => {
  const cases: readonly [number, string][] = [
    [0, "less than a minute"],
    [29_000, "less than a minute"],
    [30_000, "1 minute"],
    [45 * MINUTE, "45 minutes"],
    [59.6 * MINUTE, "1 hour"],
    [HOUR + MINUTE, "1 hour 1 minute"],
    [12 * HOUR, "12 hours"],
    [23.9999 * HOUR, "1 day"],
    [30 * HOUR + 59 * MINUTE, "1 day 6 hours"],
    [13 * DAY + HOUR, "13 days 1 hour"],
    [14 * DAY + 5 * HOUR, "14 days"],
    [400 * DAY, "400 days"],
  ];
  for (const [ms, words] of cases) {
    assert.equal(formatDuration(ms), words);
    assert.equal(formatDuration(-ms), words);
  }
});

Deno.test("formatRelative() looks forward and back", () => {
  assert.equal(formatRelative(3 * HOUR, 0), "in 3 hours");
  assert.equal(formatRelative(0, 5 * MINUTE), "5 minutes ago");
  assert.equal(formatRelative(10_000, 0), "now");
  assert.equal(formatRelative(0, 10_000), "now");
});

Deno.test("formatTime() has the zone's offset at that time", () => {
  const winter = Date.UTC(2026, 2, 4, 13, 5, 59);
  const cases: readonly [string, number, string][] = [
    ["UTC", winter, "Wed, 4 Mar 2026, 13:05 UTC"],
    ["Europe/Berlin", winter, "Wed, 4 Mar 2026, 14:05 UTC+1"],
    ["Europe/Berlin", Date.UTC(2026, 6, 4, 22, 30), "Sun, 5 Jul 2026, 00:30 UTC+2"],
    ["America/New_York", winter, "Wed, 4 Mar 2026, 08:05 UTC-5"],
    ["Asia/Kolkata", winter, "Wed, 4 Mar 2026, 18:35 UTC+5:30"],
  ];
  for (const [zone, ms, words] of cases) assert.equal(formatTime(ms, zone), words);
  assert.equal(formatTime(Infinity, "UTC"), undefined);
  assert.equal(formatTime(9e15, "UTC"), undefined);
});
