import assert from "node:assert/strict";
import { FairSemaphore, type Release } from "./fair_semaphore.ts";
import { FakeClock, settleDown } from "../../testing/fake_clock.ts";

const never = new AbortController().signal;

function setUp(count: number, perSecond?: number) {
  const clock = new FakeClock();
  const semaphore = new FairSemaphore(count, perSecond, clock);
  const granted: string[] = [];
  const releases: Release[] = [];
  const take = (key: string, times = 1, signal = never) => {
    for (let i = 0; i < times; i++) {
      semaphore.acquire(key, signal).then((release) => {
        if (release === undefined) return;
        granted.push(key);
        releases.push(release);
      });
    }
  };
  const releaseOne = async () => {
    releases.shift()?.();
    await settleDown();
  };
  return { clock, semaphore, granted, releases, take, releaseOne };
}

Deno.test("FairSemaphore grants no more than its count at a time", async () => {
  const { granted, take, releaseOne } = setUp(2);
  take("a", 3);
  await settleDown();
  assert.equal(granted.length, 2);
  await releaseOne();
  assert.equal(granted.length, 3);
});

Deno.test("FairSemaphore lets a small request overtake one with hundreds of mails", async () => {
  const { granted, take, releaseOne } = setUp(1);
  take("big", 300);
  take("small", 3);
  for (let i = 0; i < 14; i++) await releaseOne();
  assert.equal(granted.filter((key) => key === "small").length, 3);
});

Deno.test("FairSemaphore sends the mails of one small request together", async () => {
  const { granted, take, releaseOne } = setUp(1);
  take("x");
  take("a", 3);
  take("b", 3);
  for (let i = 0; i < 7; i++) await releaseOne();
  assert.deepEqual(granted, ["x", "a", "a", "a", "b", "b", "b"]);
});

Deno.test("FairSemaphore keeps a rate per second", async () => {
  const { clock, granted, take } = setUp(10, 2);
  take("a", 5);
  await clock.tick(0);
  assert.equal(granted.length, 1);
  await clock.tick(500);
  assert.equal(granted.length, 2);
  await clock.tick(1500);
  assert.equal(granted.length, 5);
});

Deno.test("FairSemaphore.acquire() ends when its signal is aborted, and the next waiter gets the slot", async () => {
  const { semaphore, granted, take, releaseOne } = setUp(1);
  take("a");
  const controller = new AbortController();
  const waiting = semaphore.acquire("b", controller.signal);
  take("c");
  controller.abort();
  assert.equal(await waiting, undefined);
  await releaseOne();
  assert.deepEqual(granted, ["a", "c"]);
});

Deno.test("FairSemaphore counts a slot that is released twice once", async () => {
  const { releases, granted, take } = setUp(1);
  take("a");
  await settleDown();
  releases[0]?.();
  releases[0]?.();
  take("b", 2);
  await settleDown();
  assert.deepEqual(granted, ["a", "b"]);
});

Deno.test("FairSemaphore keeps its rate when the clock is set back", async () => {
  const { clock, granted, take } = setUp(10, 2);
  take("a", 3);
  await settleDown();
  clock.set(clock.now() - 3_600_000);
  await clock.tick(1000);
  assert.equal(granted.length, 3);
});

Deno.test("FairSemaphore grants all mails of a request that is longer than a turn", async () => {
  const { granted, take, releaseOne } = setUp(1);
  take("a", 20);
  take("b", 20);
  for (let i = 0; i < 40; i++) await releaseOne();
  assert.deepEqual(["a", "b"].map((key) => granted.filter((other) => other === key).length), [
    20,
    20,
  ]);
});

Deno.test("FairSemaphore.acquire() takes no slot for a signal that is aborted already", async () => {
  const { semaphore } = setUp(1);
  assert.equal(await semaphore.acquire("a", AbortSignal.abort()), undefined);
  assert.equal(semaphore.inFlight, 0);
});

Deno.test("FairSemaphore waits no longer than its rate for what comes after the clock was set back", async () => {
  const { clock, granted, take } = setUp(10, 2);
  take("a");
  await settleDown();
  clock.set(clock.now() - 3_600_000);
  take("b");
  await clock.tick(500);
  assert.deepEqual(granted, ["a", "b"]);
});
