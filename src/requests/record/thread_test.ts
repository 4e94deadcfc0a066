import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeThreads, encodeThreads } from "./thread.ts";

const GO_TIME = "2026-11-23 22:08:09.604507201 +0000 UTC m=+0.044670718";

Deno.test("decodeThreads() reads an item of the original, with a Go time stamp", () => {
  const { threads, foreign } = decodeThreads(`a@b.c/${GO_TIME}/DN2X.1N7A@vm`);
  assert.deepEqual(foreign, []);
  assert.equal(threads[0]?.recipient, "a@b.c");
  assert.equal(threads[0]?.time, GO_TIME);
  assert.equal(threads[0]?.messageId, "DN2X.1N7A@vm");
});

Deno.test("decodeThreads() strips the angle brackets that the original stores with Mailgun", () => {
  assert.equal(decodeThreads(`a@b.c/${GO_TIME}/<1@mg>`).threads[0]?.messageId, "1@mg");
});

Deno.test("decodeThreads() finds the time between slashes of an address", () => {
  const [thread] = decodeThreads(`team/dev@b.c/${GO_TIME}/1@vm`).threads;
  assert.equal(thread?.recipient, "team/dev@b.c");
  assert.equal(thread?.messageId, "1@vm");
});

Deno.test("encodeThreads() writes back unchanged what was read, including items that are not threads", () => {
  const value = `a@b.c/${GO_TIME}/<1@mg>,nonsense,50%@b.c/${GO_TIME}/2@vm`;
  const { threads, foreign } = decodeThreads(value);
  assert.deepEqual(foreign, ["nonsense"]);
  assert.deepEqual(
    new Set(encodeThreads(threads, foreign).split(",")),
    new Set(value.split(",")),
  );
});

Deno.test("encodeThreads() percent-encodes slash, comma and percent, and nothing else", () => {
  const thread = { recipient: "a/b,c%d+ü@e.f", time: "2026-11-24T12:00:00.000Z", messageId: "1/2" };
  assert.equal(
    encodeThreads([thread], []),
    "a%2Fb%2Cc%25d+ü@e.f/2026-11-24T12:00:00.000Z/1%2F2",
  );
});

Deno.test("decodeThreads() undoes the three escapes that we write, and no others", () => {
  const [thread] = decodeThreads(`a%2Fb%2Cc%25d%41@b.c/${GO_TIME}/1@vm`).threads;
  assert.equal(thread?.recipient, "a/b,c%d%41@b.c");
});

Deno.test("decodeThreads() is the inverse of encodeThreads() for any address and id", () => {
  const text = fc.string({ unit: "grapheme", minLength: 1 }).filter((t) => !/^<.*>$/s.test(t));
  fc.assert(fc.property(fc.array(fc.record({ recipient: text, messageId: text })), (items) => {
    const threads = items.map((item) => ({ ...item, time: "2026-11-24T12:00:00.000Z" }));
    const read = decodeThreads(encodeThreads(threads, []));
    assert.deepEqual(read.threads.map(({ stored: _, ...thread }) => thread), threads);
    assert.deepEqual(read.foreign, []);
  }));
});

Deno.test("decodeThreads() accepts any text, and writing it back changes no item", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (value) => {
    const { threads, foreign } = decodeThreads(value);
    assert.deepEqual(
      encodeThreads(threads, foreign).split(",").filter((item) => item !== "").sort(),
      value.split(",").filter((item) => item !== "").sort(),
    );
  }));
});
