import assert from "node:assert/strict";
import { FakeClock } from "../testing/fake_clock.ts";
import { Liveness } from "./liveness.ts";

const MINUTE_MS = 60_000;

Deno.test("Liveness detects work that makes no progress, until it does", async () => {
  const clock = new FakeClock();
  let steps = 0;
  let isBusy = false;
  using liveness = new Liveness({
    clock,
    steps: () => steps,
    isBusy: () => isBusy,
    isServing: () => true,
  });
  await clock.tick(10 * MINUTE_MS);
  assert.equal(liveness.stallReason, undefined);
  isBusy = true;
  for (let i = 0; i < 10; i++) {
    steps++;
    await clock.tick(24 * MINUTE_MS);
    assert.equal(liveness.stallReason, undefined);
  }
  await clock.tick(2 * MINUTE_MS);
  assert.match(liveness.stallReason ?? "", /^the work queue has not moved for 15\d\d s$/);
  steps++;
  await clock.tick(5_000);
  assert.equal(liveness.stallReason, undefined);
});

Deno.test("Liveness detects that no configuration is served for more than a minute", async () => {
  const clock = new FakeClock();
  let isServing = false;
  using liveness = new Liveness({
    clock,
    steps: () => 0,
    isBusy: () => false,
    isServing: () => isServing,
  });
  await clock.tick(MINUTE_MS - 1);
  assert.equal(liveness.stallReason, undefined);
  await clock.tick(1);
  assert.equal(liveness.stallReason, "no configuration has been served for 60 s");
  isServing = true;
  await clock.tick(5_000);
  assert.equal(liveness.stallReason, undefined);
});

Deno.test("Liveness detects a blocked event loop, and counts a suspended machine as one late tick", () => {
  let nowMs = 0;
  let tick = () => {};
  const clock = {
    now: () => nowMs,
    after: (_ms: number, action: () => void) => {
      tick = action;
      return () => {};
    },
  };
  using liveness = new Liveness({
    clock,
    steps: () => 0,
    isBusy: () => true,
    isServing: () => true,
  });
  nowMs += 3_600_000;
  assert.equal(liveness.stallReason, "the event loop is 3595 s late");
  tick();
  assert.equal(liveness.stallReason, undefined);
});
