import assert from "node:assert/strict";
import type { Refusal } from "../../mail/transport.ts";
import { RefusalStreak } from "./refusal_streak.ts";

const refusal = (signature: string | undefined, retry: Refusal["retry"] = "later"): Refusal => ({
  ok: false,
  category: "policy",
  retry,
  error: "550 no",
  ...signature === undefined ? {} : { signature },
});

Deno.test("RefusalStreak counts recipients, not attempts", () => {
  const streak = new RefusalStreak();
  const refused = ["a", "b", "a", "b", "c", "a"].map((to) =>
    streak.isOneTooMany(refusal("RCPT 550"), to)
  );
  assert.deepEqual(refused, [false, false, false, false, true, true]);
});

Deno.test("RefusalStreak begins again with an accepted mail and with another refusal", () => {
  const streak = new RefusalStreak();
  const refuse = (to: string, signature = "RCPT 550") =>
    streak.isOneTooMany(refusal(signature), to);
  assert.deepEqual([refuse("a"), refuse("b")], [false, false]);
  streak.accepted();
  assert.deepEqual([refuse("c"), refuse("d")], [false, false]);
  assert.equal(refuse("e", "RCPT 551"), false);
  assert.deepEqual([refuse("a"), refuse("b"), refuse("c")], [false, false, true]);
});

Deno.test("RefusalStreak ignores refusals about the recipient and those that no server sent", () => {
  const streak = new RefusalStreak();
  for (const to of ["a", "b", "c", "d"]) {
    assert.equal(streak.isOneTooMany(refusal("RCPT 550 5.1.1", "never"), to), false);
    assert.equal(streak.isOneTooMany(refusal(undefined), to), false);
  }
});
