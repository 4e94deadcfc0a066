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
