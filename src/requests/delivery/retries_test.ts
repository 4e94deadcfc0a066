import assert from "node:assert/strict";
import type { Refusal } from "../../mail/transport.ts";
import { aRecord, owed } from "../testing/fixtures.ts";
import { NOW_MS } from "../../testing/fake_clock.ts";
import { dueMails, Retries } from "./retries.ts";

const LATER: Refusal = { ok: false, category: "server", retry: "later", error: "451 try again" };
const mail = owed("new", "a@x.org");

Deno.test("Retries waits for one mail as long as the server asks for, or longer by its own back-off", () => {
  const retries = new Retries(() => 0.5);
  retries.failed(mail, NOW_MS, { ...LATER, retryAfterMs: 60_000 });
  assert.equal(retries.stateOf(mail).notBeforeMs, NOW_MS + 60_000);
  assert.deepEqual(dueMails([mail], retries, NOW_MS + 59_999), {
    queuesByRecipient: [],
    nextMs: NOW_MS + 60_000,
  });
  retries.failed(mail, NOW_MS, { ...LATER, retryAfterMs: 1 });
  assert.equal(retries.stateOf(mail).notBeforeMs, NOW_MS + 1100);
});

Deno.test("Retries.withAttempts() writes attempts along, from which another replica goes on", () => {
  const retries = new Retries(() => 0.5);
  for (let i = 0; i < 3; i++) retries.failed(mail, NOW_MS, LATER);
  const [written] = retries.withAttempts(aRecord({ owed: [mail] })).owed;
  assert.deepEqual([written?.attempts, written?.notBeforeMs], [3, NOW_MS + 2200]);
  const other = new Retries(() => 0.5);
  assert.equal(other.failed(written ?? assert.fail(), NOW_MS, LATER), 4);
});

Deno.test("Retries.keepOnly() forgets mails that are no longer owed", () => {
  const retries = new Retries(() => 0.5);
  retries.failed(mail, NOW_MS, LATER);
  retries.keepOnly([]);
  assert.equal(retries.stateOf(mail).attempts, 0);
});

Deno.test("Retries believes a record in which another replica has counted more attempts", () => {
  const retries = new Retries(() => 0.5);
  retries.failed(mail, NOW_MS, LATER);
  const counted = { ...mail, attempts: 5, notBeforeMs: NOW_MS + 60_000 };
  assert.deepEqual(retries.stateOf(counted), { attempts: 5, notBeforeMs: NOW_MS + 60_000 });
  assert.equal(retries.failed(counted, NOW_MS, LATER), 6);
});

Deno.test("Retries.transportFailedAt() tells whether other mails were accepted since the last time", () => {
  const retries = new Retries(() => 0.5);
  const failures = [3, 3, 4, 4].map((accepted) => retries.transportFailedAt(mail, accepted));
  assert.deepEqual(failures, [false, false, true, false]);
});

Deno.test("dueMails() keeps the order of a recipient's mails, and finds the first that waits", () => {
  const waits = (to: string, seconds: number) => ({
    ...owed("new", to),
    notBeforeMs: NOW_MS + seconds * 1000,
  });
  const mails = [
    waits("a@x.org", 20),
    owed("review", "a@x.org"),
    waits("b@x.org", 10),
    waits("c@x.org", 30),
    owed("review", "d@x.org"),
  ];
  assert.deepEqual(dueMails(mails, new Retries(() => 0.5), NOW_MS), {
    queuesByRecipient: [[owed("review", "d@x.org")]],
    nextMs: NOW_MS + 10_000,
  });
});
