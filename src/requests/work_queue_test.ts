import assert from "node:assert/strict";
import { FakeClock, NOW_MS, settleDown } from "../testing/fake_clock.ts";
import { WorkQueue } from "./work_queue.ts";

/** A queue whose work continues on demand. */
function setUp(concurrency: number) {
  const clock = new FakeClock();
  const started: string[] = [];
  const running = new Map<string, () => void>();
  const queue = new WorkQueue(
    (key) => {
      started.push(key);
      return new Promise((resolve) => running.set(key, resolve));
    },
    concurrency,
    clock,
  );
  const finish = async (key: string) => {
    running.get(key)?.();
    await settleDown();
  };
  return { clock, queue, started, finish };
}

Deno.test("WorkQueue runs different keys at once, up to its limit", async () => {
  const { queue, started, finish } = setUp(2);
  for (const key of ["a", "b", "c"]) queue.add(key);
  assert.deepEqual(started, ["a", "b"]);
  await finish("a");
  assert.deepEqual(started, ["a", "b", "c"]);
});

Deno.test("WorkQueue runs one key once more, however often it was added meanwhile", async () => {
  const { queue, started, finish } = setUp(4);
  queue.add("a");
  for (let i = 0; i < 10; i++) queue.add("a");
  assert.deepEqual(started, ["a"]);
  await finish("a");
  await finish("a");
  assert.deepEqual(started, ["a", "a"]);
  assert.equal(queue.depth, 0);
});

Deno.test("WorkQueue.addAt() runs a key at its time, the earliest of several", async () => {
  const { queue, clock, started } = setUp(4);
  queue.addAt("a", NOW_MS + 5000);
  queue.addAt("a", NOW_MS + 1000);
  queue.addAt("a", NOW_MS + 9000);
  await clock.tick(999);
  assert.deepEqual(started, []);
  await clock.tick(1);
  assert.deepEqual(started, ["a"]);
});

Deno.test("WorkQueue.drain() waits for running work and drops the rest", async () => {
  const { queue, clock, started, finish } = setUp(1);
  queue.add("a");
  queue.add("b");
  queue.addAt("c", NOW_MS + 1000);
  let stopped = false;
  const stop = queue.drain().then(() => stopped = true);
  await settleDown();
  assert.equal(stopped, false);
  await finish("a");
  await stop;
  // A timer would keep the process alive.
  assert.equal(clock.pending, 0);
  await clock.tick(5000);
  queue.add("d");
  assert.deepEqual(started, ["a"]);
});

Deno.test("WorkQueue runs news before retries, which get half of the places and always one", async () => {
  const { queue, clock, started, finish } = setUp(4);
  for (const key of ["r1", "r2", "r3", "r4"]) queue.addAt(key, NOW_MS);
  await clock.tick(0);
  assert.deepEqual(started, ["r1", "r2"]);
  for (const key of ["a", "b", "c", "d"]) queue.add(key);
  assert.deepEqual(started, ["r1", "r2", "a", "b"]);
  await finish("r1");
  await finish("r2");
  // The last retry has left: one comes before the news, the others behind.
  assert.deepEqual(started.slice(4), ["c", "r3"]);
  await finish("a");
  await finish("b");
  assert.deepEqual(started.slice(6), ["d", "r4"]);
});

Deno.test("WorkQueue takes a retry for news when there are some", async () => {
  const { queue, clock, started, finish } = setUp(1);
  queue.add("a");
  queue.addAt("b", NOW_MS);
  queue.addAt("c", NOW_MS);
  await clock.tick(0);
  queue.add("c");
  queue.addAt("c", NOW_MS);
  await clock.tick(0);
  assert.equal(queue.depth, 3);
  for (const key of ["a", "b", "c"]) await finish(key);
  assert.deepEqual(started, ["a", "b", "c"]);
  assert.equal(queue.depth, 0);
});
