import assert from "node:assert/strict";
import { FakeClock } from "../../testing/fake_clock.ts";
import { Pace, type PaceChange } from "./pace.ts";

const MINUTE_MS = 60_000;

Deno.test("Pace keeps to the connections that the service accepted, and tries one more a minute", () => {
  const clock = new FakeClock();
  const pace = new Pace(10, undefined, clock);
  assert.deepEqual([pace.connections, pace.perSecond, pace.isLowered], [10, undefined, false]);
  // Ten at once, of which three get through: the others are refused one after another.
  for (let inFlight = 10; inFlight > 3; inFlight--) {
    assert.ok(pace.fewerConnections(inFlight, "421"));
  }
  assert.equal(pace.connections, 3);
  clock.set(clock.now() + MINUTE_MS);
  assert.equal(pace.connections, 4);
  // One too many again: the next try comes later.
  assert.ok(pace.fewerConnections(4, "421"));
  clock.set(clock.now() + MINUTE_MS);
  assert.equal(pace.connections, 3);
  clock.set(clock.now() + MINUTE_MS);
  assert.equal(pace.connections, 4);
  clock.set(clock.now() + 60 * MINUTE_MS);
  assert.deepEqual([pace.connections, pace.isLowered], [10, false]);
});

Deno.test("Pace lowers nothing when the only mail finds no connection", () => {
  const pace = new Pace(10, undefined, new FakeClock());
  assert.equal(pace.fewerConnections(1, "421"), false);
  assert.equal(pace.connections, 10);
});

Deno.test("Pace halves the rate that the service took, once for mails that were refused together", () => {
  const clock = new FakeClock();
  const pace = new Pace(10, undefined, clock);
  for (let i = 0; i < 8; i++) pace.accepted();
  for (let i = 0; i < 5; i++) pace.slower("450");
  assert.equal(pace.perSecond, 4);
  clock.set(clock.now() + 2000);
  pace.slower("450");
  assert.equal(pace.perSecond, 2);
  for (let i = 0; i < 20; i++) {
    clock.set(clock.now() + 20_000);
    pace.slower("450");
  }
  assert.equal(pace.perSecond, 0.1);
});

Deno.test("Pace grows back to what is configured and no further", () => {
  const clock = new FakeClock();
  const pace = new Pace(10, 5, clock);
  for (let i = 0; i < 100; i++) pace.accepted();
  pace.slower("450");
  assert.equal(pace.perSecond, 2.5);
  clock.set(clock.now() + 10_000);
  assert.equal(pace.perSecond, 3.125);
  clock.set(clock.now() + MINUTE_MS);
  assert.deepEqual([pace.perSecond, pace.isLowered], [5, false]);
  const free = new Pace(10, undefined, clock);
  free.slower("450");
  clock.set(clock.now() + 10 * MINUTE_MS);
  assert.equal(free.perSecond, undefined);
});

Deno.test("Pace reports once that it is lowered and once that it has recovered", async () => {
  const clock = new FakeClock();
  const reports: PaceChange[] = [];
  const pace = new Pace(10, undefined, clock, (change) => reports.push(change));
  for (let inFlight = 10; inFlight > 3; inFlight--) pace.fewerConnections(inFlight, "421");
  assert.equal(reports.length, 0);
  await clock.tick(1000);
  assert.deepEqual(reports, [
    { isLowered: true, connections: 3, perSecond: undefined, error: "421" },
  ]);
  pace.accepted();
  pace.fewerConnections(3, "421");
  await clock.tick(24 * 60 * MINUTE_MS);
  assert.equal(reports.length, 1);
  pace.accepted();
  pace.accepted();
  assert.deepEqual(reports.slice(1), [
    { isLowered: false, connections: 10, perSecond: undefined, error: "421" },
  ]);
});

Deno.test("Pace continues when the clock is set back", () => {
  const clock = new FakeClock();
  const pace = new Pace(3, undefined, clock);
  pace.fewerConnections(3, "421");
  pace.slower("450");
  clock.set(clock.now() - 24 * 60 * MINUTE_MS);
  assert.deepEqual([pace.connections, pace.perSecond], [2, 0.5]);
  pace.slower("450");
  assert.equal(pace.perSecond, 0.25);
  clock.set(clock.now() + MINUTE_MS);
  assert.equal(pace.connections, 3);
});

Deno.test("Pace is not raised by a refusal of a mail that left before it was lowered", () => {
  const pace = new Pace(10, undefined, new FakeClock());
  pace.fewerConnections(4, "421");
  pace.fewerConnections(9, "421");
  assert.equal(pace.connections, 3);
});
