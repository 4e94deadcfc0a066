import assert from "node:assert/strict";
import { type Cause, Excuses } from "./excuses.ts";

/** Excuses with one fault of `replica` between two times, in seconds. */
function fault(cause: Cause, fromSeconds: number, toSeconds: number, replica?: string) {
  let nowMs = fromSeconds * 1000;
  const excuses = new Excuses(() => nowMs);
  const end = excuses.begin(cause, replica);
  nowMs = toSeconds * 1000;
  end();
  return {
    /** What excuses that `two` sent again, so late, what `one` had sent. */
    take: (one: string, atSeconds: number, two: string, againSeconds: number) =>
      excuses.take({ replica: one, atMs: atSeconds * 1000 }, {
        replica: two,
        atMs: againSeconds * 1000,
      }),
  };
}

Deno.test("A sender that hung is excused for what it had sent before", () => {
  const hung = fault("overtaken", 100, 128, "direct");
  assert.equal(hung.take("direct", 99, "ssh", 126), "overtaken");
  // It had the time to record that one.
  assert.equal(hung.take("direct", 90, "ssh", 126), undefined);
  // Another replica sent too early: the lease cannot have been over.
  assert.equal(hung.take("direct", 99, "ssh", 102), undefined);
  assert.equal(hung.take("upgrade", 99, "ssh", 126), undefined);
});

Deno.test("A sender that hung is excused for what was on its way, and arrives after another's", () => {
  const hung = fault("overtaken", 100, 128, "direct");
  assert.equal(hung.take("ssh", 126, "direct", 128.4), "overtaken");
  // It was started when the process had come back, and its lease had expired.
  assert.equal(hung.take("ssh", 126, "direct", 131), undefined);
  // The lease of the one that hung was still valid.
  assert.equal(hung.take("ssh", 102, "direct", 128.4), undefined);
  // The one that hung sent neither of them.
  assert.equal(hung.take("ssh", 126, "upgrade", 128.4), undefined);
  assert.equal(hung.take("ssh", 126, "ssh", 128.4), undefined);
});

Deno.test("A mail that a silent network held back arrives late; a dead process sends nothing", () => {
  const silent = fault("no answer", 100, 128, "direct");
  assert.equal(silent.take("ssh", 126, "direct", 128.4), "no answer");
  const killed = fault("sender died", 100, 100, "direct");
  assert.equal(killed.take("ssh", 126, "direct", 128.4), undefined);
});
