import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { catchUncaught, type UncaughtError } from "./uncaught.ts";

/** What is caught while `action` runs, and a moment later. */
async function caughtDuring(action: () => void): Promise<readonly UncaughtError[]> {
  const errors: UncaughtError[] = [];
  using caught = catchUncaught(() => assert.fail("there is a handler"));
  caught.handler = (error) => errors.push(error);
  action();
  while (errors.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(caught.count, errors.length);
  return errors;
}

Deno.test("catchUncaught() reports every uncaught error and rejection", async () => {
  const cases: readonly (readonly [string, () => void, string])[] = [
    ["a throw in a timer", () =>
      void setTimeout(() => {
        throw new TypeError("no such thing");
      }), "TypeError: no such thing"],
    ["a rejection", () => void Promise.reject(new Error("never\nheard")), "never heard"],
    [
      "an error event without a listener",
      () =>
        queueMicrotask(() => void new EventEmitter().emit("error", new Error("read ECONNRESET"))),
      "read ECONNRESET",
    ],
    ["something that is not an error", () => void Promise.reject("words"), "words"],
    ["nothing", () => void Promise.reject(), "undefined"],
  ];
  for (const [name, action, expected] of cases) {
    const [first, ...others] = await caughtDuring(action);
    assert.deepEqual([first?.error, others], [expected, []], name);
    assert.match(first?.at ?? "", /^$|uncaught_test\.ts:\d+:\d+/, name);
  }
});

Deno.test("catchUncaught() says where an error was made", async () => {
  const [caught] = await caughtDuring(() =>
    void setTimeout(function culprit() {
      throw new Error("here");
    })
  );
  assert.match(caught?.at ?? "", /culprit.* \(.*uncaught_test\.ts:\d+:\d+\)$/);
});

Deno.test("catchUncaught() exits where there is no handler yet", async () => {
  const exits: UncaughtError[] = [];
  using caught = catchUncaught((error) => exits.push(error));
  Promise.reject(new Error("early"));
  while (exits.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.deepEqual([exits.map(({ error }) => error), caught.count], [["early"], 1]);
});
