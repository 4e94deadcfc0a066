import assert from "node:assert/strict";
import { FakeClock, settleDown } from "../testing/fake_clock.ts";
import { type Attempt, staggeredRace } from "./staggered_race.ts";

/** An attempt that the test decides. */
class Try {
  readonly #outcome = Promise.withResolvers<string>();
  signal: AbortSignal | undefined;
  readonly attempt: Attempt<string> = (signal) => {
    this.signal = signal;
    return this.#outcome.promise;
  };

  get isRunning(): boolean {
    return this.signal?.aborted === false;
  }

  win(value: string): void {
    this.#outcome.resolve(value);
  }

  fail(message: string): void {
    this.#outcome.reject(new Error(message));
  }
}

function setUp(count: number) {
  const clock = new FakeClock();
  const tries = Array.from({ length: count }, () => new Try());
  const stop = new AbortController();
  const discarded: string[] = [];
  const result = staggeredRace(tries.map(({ attempt }) => attempt), {
    clock,
    overlapMs: 1000,
    signal: stop.signal,
    discard: (value) => discarded.push(value),
  });
  const one = (index: number) => tries[index] ?? assert.fail();
  return { clock, one, stop, discarded, result };
}

const texts = (errors: readonly unknown[]) =>
  Array.from(errors, (error) => error instanceof Error ? error.message : undefined);

Deno.test("staggeredRace() does not start a second attempt when the first is quick", async () => {
  const { clock, one, result } = setUp(2);
  one(0).win("first");
  assert.deepEqual(await result, { ok: true, index: 0, value: "first", errors: new Array(2) });
  assert.equal(one(1).signal, undefined);
  assert.equal(clock.pending, 0);
});

Deno.test("staggeredRace() starts the next attempt when one fails, and after a while in any case", async () => {
  const { clock, one, discarded, result } = setUp(3);
  one(0).fail("refused");
  await settleDown();
  assert.ok(one(1).isRunning);
  await clock.tick(999);
  assert.equal(one(2).signal, undefined);
  await clock.tick(1);
  assert.ok(one(1).isRunning && one(2).isRunning);
  one(1).win("slow");
  const outcome = await result;
  assert.ok(outcome.ok && outcome.value === "slow" && outcome.index === 1);
  assert.deepEqual(texts(outcome.errors), ["refused", undefined, undefined]);
  assert.equal(one(2).signal?.aborted, true);
  one(2).win("too late");
  await settleDown();
  assert.deepEqual(discarded, ["too late"]);
});

Deno.test("staggeredRace() returns every error when nothing works", async () => {
  const { one, result } = setUp(2);
  one(0).fail("a");
  await settleDown();
  one(1).fail("b");
  const outcome = await result;
  assert.equal(outcome.ok, false);
  assert.deepEqual(texts(outcome.errors), ["a", "b"]);
});

Deno.test("staggeredRace() ends all attempts when it is cancelled", async () => {
  const { clock, one, stop, result } = setUp(2);
  await clock.tick(1000);
  stop.abort(new Error("stopped"));
  const outcome = await result;
  assert.equal(outcome.ok, false);
  assert.deepEqual(texts(outcome.errors), ["stopped", "stopped"]);
  assert.deepEqual([one(0).isRunning, one(1).isRunning, clock.pending], [false, false, 0]);
});
