import assert from "node:assert/strict";
import { aborted } from "../abort.ts";
import { startDeadline } from "./deadline.ts";

const LONG_MS = 1_000_000;

Deno.test("a deadline aborts its signal when its time is over, however many others run", async () => {
  using long = startDeadline(LONG_MS);
  using short = startDeadline(1);
  using second = startDeadline(2);
  await Promise.all([aborted(short.signal), aborted(second.signal)]);
  assert.deepEqual([short.expired, second.expired, long.expired], [true, true, false]);
  assert.equal(long.signal.aborted, false);
  assert.match(String(short.signal.reason), /^TimeoutError: No end after 1 ms$/);
  // A deadline that starts later has its timer, too.
  using third = startDeadline(1);
  await aborted(third.signal);
  assert.equal(third.expired, true);
});

Deno.test("a deadline is extended once", async () => {
  let asked = 0;
  using deadline = startDeadline(1, undefined, () => {
    asked++;
    return 2;
  });
  await aborted(deadline.signal);
  assert.equal(asked, 1);
  assert.equal(deadline.expired, true);
  assert.match(String(deadline.signal.reason), /No end after 3 ms/);
});

Deno.test("a deadline that is over for its caller never expires, and leaves no timer", async () => {
  const ended = startDeadline(1);
  ended[Symbol.dispose]();
  using other = startDeadline(2);
  await aborted(other.signal);
  assert.equal(ended.expired, false);
  assert.equal(ended.signal.aborted, false);
});

Deno.test("a deadline that ends another one when it aborts is the only one to abort", async () => {
  using first = startDeadline(1);
  using second = startDeadline(1);
  for (const [one, other] of [[first, second], [second, first]] as const) {
    one.signal.addEventListener("abort", () => other[Symbol.dispose]());
  }
  await Promise.race([aborted(first.signal), aborted(second.signal)]);
  using later = startDeadline(5);
  await aborted(later.signal);
  assert.equal([first, second].filter(({ expired }) => expired).length, 1);
});

Deno.test("a deadline aborts with its caller's signal, without being expired", () => {
  const caller = new AbortController();
  using deadline = startDeadline(LONG_MS, caller.signal);
  caller.abort("stop");
  assert.equal(deadline.signal.reason, "stop");
  assert.equal(deadline.expired, false);
  using late = startDeadline(LONG_MS, caller.signal);
  assert.equal(late.signal.reason, "stop");
});
