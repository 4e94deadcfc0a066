import assert from "node:assert/strict";
import fc from "fast-check";
import { lastStepMs } from "./schedule.ts";

const DAY_MS = 86_400_000;
const DUE_MS = Date.parse("2026-12-01T00:00:00Z");

/** The step at so many days after the review was due, in days. */
function stepAt(days: number, remindBeforeMs: number | undefined = 14 * DAY_MS) {
  const list = { nextAuditMs: DUE_MS, ...remindBeforeMs === undefined ? {} : { remindBeforeMs } };
  const stepMs = lastStepMs(list, DUE_MS + days * DAY_MS);
  return stepMs === undefined ? undefined : (stepMs - DUE_MS) / DAY_MS;
}

Deno.test("lastStepMs() is weekly before the review is due, and daily from then on", () => {
  const cases: [number, number | undefined][] = [
    [-14.1, undefined],
    [-14, -14],
    [-7.1, -14],
    [-7, -7],
    [-0.1, -7],
    [0, 0],
    [0.9, 0],
    [1, 1],
    [40.5, 40],
  ];
  for (const [days, step] of cases) assert.equal(stepAt(days), step, `${days}`);
});

Deno.test("lastStepMs() begins two weeks before the review unless the list says otherwise", () => {
  assert.equal(lastStepMs({ nextAuditMs: DUE_MS }, DUE_MS - 14 * DAY_MS), DUE_MS - 14 * DAY_MS);
  assert.equal(stepAt(-3, 3 * DAY_MS), -3);
  assert.equal(stepAt(-3.1, 3 * DAY_MS), undefined);
  assert.equal(stepAt(-1, 0), undefined);
  assert.equal(stepAt(-1, -DAY_MS), undefined);
  assert.equal(stepAt(0, 0), 0);
  assert.equal(stepAt(0.5, -DAY_MS), 0);
  // Days are those of the review, not those of the first reminder.
  assert.equal(stepAt(0, 10 * DAY_MS), 0);
  assert.equal(stepAt(0.2, 1.5 * DAY_MS), 0);
});

Deno.test("lastStepMs() is undefined for a list that is never reviewed", () => {
  assert.equal(lastStepMs({}, DUE_MS), undefined);
});

Deno.test("lastStepMs() never goes back while time goes on", () => {
  const days = fc.integer({ min: -40 * 24, max: 100 * 24 }).map((hours) => hours / 24);
  fc.assert(fc.property(days, days, fc.integer({ min: 0, max: 60 }), (a, b, before) => {
    const steps = [Math.min(a, b), Math.max(a, b)].map((at) => stepAt(at, before * DAY_MS));
    assert.ok((steps[0] ?? -Infinity) <= (steps[1] ?? -Infinity));
    for (const [index, at] of [Math.min(a, b), Math.max(a, b)].entries()) {
      assert.ok((steps[index] ?? -Infinity) <= at + 1e-9);
    }
  }));
});
