import assert from "node:assert/strict";
import { FakeClock } from "../testing/fake_clock.ts";
import { Liveness } from "./liveness.ts";

const MINUTE_MS = 60_000;

Deno.test("Pulse finds work that stands still, until it goes on", async () => {
  const clock = new FakeClock();
  let steps = 0;
  let isBusy = false;
  using pulse = new Liveness({ clock, steps: () => steps, isBusy: () => isBusy });
  await clock.tick(10 * MINUTE_MS);
  assert.equal(pulse.stallReason, undefined);
  isBusy = true;
  for (let i = 0; i < 10; i++) {
    steps++;
    await clock.tick(14 * MINUTE_MS);
    assert.equal(pulse.stallReason, undefined);
  }
  await clock.tick(2 * MINUTE_MS);
  assert.match(pulse.stallReason ?? "", /^the work queue has not moved for 9\d\d s$/);
  steps++;
  await clock.tick(5_000);
  assert.equal(pulse.stallReason, undefined);
});

Deno.test("Pulse tells that the event loop is held up, and takes a sleep of the machine for one beat", () => {
  let nowMs = 0;
  let beat = () => {};
  const clock = {
    now: () => nowMs,
    after: (_ms: number, action: () => void) => {
      beat = action;
      return () => {};
    },
  };
  using pulse = new Liveness({ clock, steps: () => 0, isBusy: () => true });
  nowMs += 3_600_000;
  assert.equal(pulse.stallReason, "the event loop is 3595 s late");
  beat();
  assert.equal(pulse.stallReason, undefined);
});
