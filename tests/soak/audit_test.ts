import assert from "node:assert/strict";
import type { ReceivedMail } from "../../sim/mail/mailbox.ts";
import { judge } from "./audit.ts";
import { Excuses } from "./excuses.ts";
import type { Asked } from "./people.ts";

const WORDS = {
  new: "You have a new Role Request:",
  review: "bob reviewed the request at 12:00",
  resolution: "Role Request has been resolved: APPROVED",
};
const TO = "a@example.com";

/** A mail that `replica` sent so many seconds from now. */
function mail(kind: keyof typeof WORDS, messageId: string, replica = "ssh", seconds = 0) {
  return {
    envelope: { from: "", to: [TO] },
    parsed: { messageId, subject: "Request r1", text: WORDS[kind] },
    hello: `${replica}.example.com`,
    receivedAt: new Date(Date.now() + seconds * 1000),
  } as unknown as ReceivedMail;
}

function asked(changes: Partial<Asked> = {}): Asked {
  return { id: "r1", recipients: [TO], atMs: 0, isPatient: true, reviews: 0, ...changes };
}

function wrong(entry: Asked, mails: readonly ReceivedMail[], excuses = new Excuses()) {
  return judge([entry], mails, excuses).wrong.map((line) => line.replace(/ \d{4}-\S+/g, " T"));
}

Deno.test("judge() accepts what the promise allows", () => {
  const whole = [mail("new", "1"), mail("review", "2"), mail("resolution", "3")];
  assert.deepEqual(wrong(asked({ reviews: 1, end: "APPROVED" }), whole), []);
  // Decided before anybody could be told of it.
  assert.deepEqual(wrong(asked({ isPatient: false, reviews: 1, end: "APPROVED" }), []), []);
});

Deno.test("judge() finds missing owed mails", () => {
  assert.deepEqual(wrong(asked(), []), ["r1 a@example.com: 0 first mails"]);
  assert.deepEqual(wrong(asked({ reviews: 2 }), [mail("new", "1"), mail("review", "2")]), [
    "r1 a@example.com: 1 of 2 reviews",
  ]);
  for (const isPatient of [true, false]) {
    assert.deepEqual(wrong(asked({ isPatient, end: "APPROVED" }), [mail("new", "1")]), [
      "r1 a@example.com: 0 resolutions",
    ]);
  }
});

Deno.test("judge() finds mails that were not due, and a wrong order", () => {
  const strange = asked({ recipients: ["b@example.com"], isPatient: false, end: "DENIED" });
  assert.deepEqual(wrong(strange, [mail("new", "1")]), ["r1: a@example.com is not a recipient"]);
  const late = [mail("new", "1"), mail("resolution", "2"), mail("review", "3")];
  assert.deepEqual(wrong(asked({ reviews: 1, end: "APPROVED" }), late), [
    "r1 a@example.com: out of order: new, resolution, review",
  ]);
  assert.deepEqual(
    wrong(asked({ end: "DENIED" }), [mail("new", "1"), mail("resolution", "2")]),
    ["r1 a@example.com: not informed of DENIED"],
  );
  assert.deepEqual(wrong(asked(), [mail("new", "1"), mail("new", "2")]), [
    "r1 a@example.com: 2 first mails",
  ]);
});

Deno.test("judge() accepts a duplicate only with an excuse of its sender", () => {
  const twice = (seconds: number) => [mail("new", "1"), mail("new", "1", "direct", seconds)];
  const again = ["1 came again without excuse: T from ssh, T from direct"];
  const excused = (cause: "no answer" | "sender died", replica?: string) => {
    const excuses = new Excuses();
    excuses.note(cause, replica);
    return excuses;
  };
  assert.deepEqual(wrong(asked(), twice(25)), again);
  assert.deepEqual(wrong(asked(), twice(1), excused("no answer")), []);
  assert.deepEqual(wrong(asked(), twice(1), excused("no answer", "ssh")), []);
  assert.deepEqual(wrong(asked(), twice(25), excused("sender died", "direct")), again);
  assert.deepEqual(wrong(asked(), twice(25), excused("sender died", "ssh")), []);
  // The lease of the one that died cannot have been over.
  assert.deepEqual(wrong(asked(), twice(3), excused("sender died", "ssh")), again);
  const once = new Excuses();
  once.begin("no answer", undefined, 1)();
  assert.deepEqual(wrong(asked(), twice(1), once), []);
  assert.deepEqual(wrong(asked(), twice(1), once), again);
  const { mails, repeats } = judge([asked()], twice(25), excused("sender died", "ssh"));
  assert.deepEqual([mails, repeats["sender died"]], [1, 1]);
});
