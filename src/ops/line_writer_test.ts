import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { LineWriter } from "./line_writer.ts";

/** A stream that takes `most` bytes at a time, and what was written to it. */
function aStream(most = Infinity) {
  const writes: string[] = [];
  const writeSync = (bytes: Uint8Array) => {
    const taken = bytes.subarray(0, most);
    writes.push(new TextDecoder().decode(taken));
    return taken.length;
  };
  return { writes, writeSync };
}

const endOfTurn = () => new Promise((resolve) => setImmediate(resolve));

Deno.test("LineWriter writes the first line of a turn at once, and the others together at its end", async () => {
  const stream = aStream();
  const lines = new LineWriter(stream);
  for (const line of ["a\n", "b\n", "c\n"]) lines.write(line);
  assert.deepEqual(stream.writes, ["a\n"]);
  await endOfTurn();
  assert.deepEqual(stream.writes, ["a\n", "b\nc\n"]);
  lines.write("d\n");
  assert.deepEqual(stream.writes, ["a\n", "b\nc\n", "d\n"]);
  lines.close();
});

Deno.test("LineWriter writes what waits when it is flushed or closed, and when the process unloads", () => {
  const stream = aStream();
  const lines = new LineWriter(stream);
  for (const line of ["a\n", "b\n"]) lines.write(line);
  lines.flush();
  lines.write("c\n");
  globalThis.dispatchEvent(new Event("unload"));
  lines.write("d\n");
  lines.close();
  lines.close();
  assert.deepEqual(stream.writes, ["a\n", "b\n", "c\n", "d\n"]);
});

Deno.test("LineWriter keeps no more than 64 KiB, and writes on where a stream takes less", () => {
  const stream = aStream(50_000);
  const lines = new LineWriter(stream);
  lines.write("a\n");
  for (let i = 0; i < 7; i++) lines.write("x".repeat(10_000));
  assert.deepEqual(stream.writes.map(({ length }) => length), [2, 50_000, 20_000]);
  lines.close();
});

Deno.test("LineWriter drops what a stream refuses", () => {
  const lines = new LineWriter({
    writeSync: () => {
      throw new Deno.errors.BrokenPipe("gone");
    },
  });
  lines.write("a\n");
  lines.close();
});
