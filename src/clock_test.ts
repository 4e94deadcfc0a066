import assert from "node:assert/strict";
import { pause, systemClock } from "./clock.ts";

const { after } = systemClock;

Deno.test("systemClock calls actions in the order of their times, and each once", async () => {
  const called: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  after(30, () => {
    called.push("last");
    resolve();
  });
  after(0, () => called.push("first"));
  after(10, () => {
    called.push("second");
    after(0, () => called.push("third"));
  });
  await promise;
  assert.deepEqual(called, ["first", "second", "third", "last"]);
});

Deno.test("systemClock does not call what is cancelled, also by an action that is due with it", async () => {
  const called: string[] = [];
  const cancel = after(0, () => called.push("cancelled"));
  cancel();
  cancel();
  after(1, () => cancelSecond());
  const cancelSecond = after(1, () => called.push("cancelled by the first"));
  const cancelAll = [1, 2, 3].map((ms) => after(ms, () => called.push(`${ms}`)));
  cancelAll[0]?.();
  cancelAll[2]?.();
  await pause(systemClock, 20, new AbortController().signal);
  assert.deepEqual(called, ["2"]);
});

Deno.test("systemClock takes a delay longer than timers of the runtime for a long one", async () => {
  const called: string[] = [];
  const cancel = after(2 ** 31, () => called.push("at once"));
  await pause(systemClock, 5, new AbortController().signal);
  cancel();
  assert.deepEqual(called, []);
});

Deno.test("An action of systemClock that throws does not stop the others", async () => {
  const called: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    called.push(event.message);
  };
  globalThis.addEventListener("error", onError);
  after(1, () => {
    throw new Error("a fault");
  });
  after(1, resolve);
  await promise;
  globalThis.removeEventListener("error", onError);
  assert.match(called.join(), /a fault/);
});
