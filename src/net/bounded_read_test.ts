import assert from "node:assert/strict";
import { boundedRead } from "./bounded_read.ts";

const expired = (afterS: number) => new Error(`no end after ${afterS} s`);

Deno.test("boundedRead() reads each time, and fails as the reading does", async () => {
  let times = 0;
  const read = boundedRead(() => Promise.resolve(++times), expired);
  assert.deepEqual([await read(), await read()], [1, 2]);
  const broken = boundedRead(() => Promise.reject(new Error("denied")), expired);
  await assert.rejects(broken(), { message: "denied" });
});

Deno.test("boundedRead() stops waiting for a reading that hangs, and starts no other beside it", async () => {
  let times = 0;
  const hanging = Promise.withResolvers<string>();
  const read = boundedRead(() => (times++, hanging.promise), expired, 20);
  await assert.rejects(read(), { message: "no end after 0.02 s" });
  await assert.rejects(read(), { message: "no end after 0.02 s" });
  assert.equal(times, 1);
  const last = read();
  hanging.resolve("text");
  assert.equal(await last, "text");
  assert.equal(await read(), "text");
  assert.equal(times, 2);
});
