import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { aborted, orAborted } from "./abort.ts";

Deno.test("orAborted() settles as the promise does, and leaves no listener behind", async () => {
  const { signal } = new AbortController();
  assert.equal(await orAborted(Promise.resolve(1), signal), 1);
  await assert.rejects(orAborted(Promise.reject(new Error("no")), signal), /^Error: no$/);
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

Deno.test("orAborted() rejects with the reason, also of a signal that was aborted before", async () => {
  const controller = new AbortController();
  const waiting = orAborted(new Promise(() => {}), controller.signal);
  controller.abort(new Error("stop"));
  await assert.rejects(waiting, /^Error: stop$/);
  await assert.rejects(orAborted(new Promise(() => {}), controller.signal), /^Error: stop$/);
});

Deno.test("aborted() resolves when the signal is aborted, or was before", async () => {
  const controller = new AbortController();
  const waiting = aborted(controller.signal);
  controller.abort();
  await waiting;
  await aborted(controller.signal);
});
