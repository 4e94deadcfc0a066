import assert from "node:assert/strict";
import { type Outcome, settle } from "./outcome.ts";
import { mailKey, type OwedMail } from "../record/outbox.ts";
import { aRecord, owed } from "../testing/fixtures.ts";
import { NOW_MS } from "../../testing/fake_clock.ts";

function accepted(mail: OwedMail): Outcome {
  return { type: "accepted", mail, messageId: "id@x.org", atMs: NOW_MS };
}

function failed(mail: OwedMail): Outcome {
  return { type: "failed", mail, error: "550 no such user", atMs: NOW_MS };
}

Deno.test("settle() removes an accepted new mail and opens its thread", () => {
  const mail = owed("new", "a@x.org");
  const record = settle(aRecord({ owed: [mail, owed("new", "b@x.org")] }), [accepted(mail)]);
  assert.deepEqual(record.owed.map(mailKey), ["new/0/b@x.org"]);
  assert.deepEqual(record.threads, [
    { recipient: "a@x.org", time: "2026-11-24T12:00:00.000Z", messageId: "id@x.org" },
  ]);
});

Deno.test("settle() opens no thread for follow-ups or for the requester", () => {
  const mails = [owed("review", "a@x.org"), owed("requester-new", "alice@x.org")];
  const record = settle(aRecord({ owed: mails }), mails.map(accepted));
  assert.deepEqual([record.owed, record.threads], [[], []]);
});

Deno.test("settle() changes nothing when an outcome is applied twice", () => {
  const [mail, other] = [owed("new", "a@x.org"), owed("new", "b@x.org")];
  const once = settle(aRecord({ owed: [mail, other] }), [accepted(mail), failed(other)]);
  assert.deepEqual(settle(once, [accepted(mail), failed(other)]), once);
});

Deno.test("settle() drops the follow-ups of a new mail that is refused permanently", () => {
  const mail = owed("new", "a@x.org");
  const record = settle(
    aRecord({ owed: [mail, owed("review", "a@x.org"), owed("review", "b@x.org")] }),
    [failed(mail)],
  );
  assert.deepEqual(record.owed.map(mailKey), ["review/0/b@x.org"]);
  assert.deepEqual(record.failed.map(mailKey), ["new/0/a@x.org", "review/0/a@x.org"]);
  assert.equal(record.failed[0]?.error, "550 no such user");
});

Deno.test("settle() ignores the refusal of a first mail that another replica has sent", () => {
  const record = aRecord({ owed: [owed("review", "a@x.org")] });
  assert.equal(settle(record, [failed(owed("new", "a@x.org"))]), record);
});

Deno.test("settle() keeps what is owed to the recipient beside the reviews of a refused first mail", () => {
  const mail = owed("new", "a@x.org");
  const rest = [owed("resolution", "a@x.org"), owed("requester-review", "a@x.org")];
  const record = settle(aRecord({ owed: [mail, ...rest] }), [failed(mail)]);
  assert.deepEqual(record.owed, rest);
});

Deno.test("settle() keeps the beginning of a long error, so that a record has room for a hundred", () => {
  const mail = owed("new", "a@x.org");
  const outcome: Outcome = { type: "failed", mail, error: "5".repeat(10_000), atMs: NOW_MS };
  const [failure] = settle(aRecord({ owed: [mail] }), [outcome]).failed;
  assert.equal(failure?.error, "5".repeat(300));
});

Deno.test("settle() keeps the latest hundred failures", () => {
  const mails = Array.from({ length: 120 }, (_, i) => owed("new", `${i}@x.org`));
  const record = settle(aRecord({ owed: mails }), mails.map(failed));
  assert.equal(record.failed.length, 100);
  assert.equal(record.failed.at(-1)?.to, "119@x.org");
});
