import assert from "node:assert/strict";
import type { FailedMail, MailKind } from "./record/outbox.ts";
import { decodeRecord, encodeRecord, type RawRecord } from "./record/record.ts";
import { requeue, retryFailed } from "./retry_failed.ts";
import { aRecord } from "./testing/fixtures.ts";

function failed(kind: MailKind, to: string): FailedMail {
  return { kind, to, index: 0, error: "550 no", atMs: 1000 };
}

const owedSince = (kind: MailKind, to: string, sinceMs: number) => ({
  kind,
  to,
  index: 0,
  sinceMs,
  attempts: 0,
  notBeforeMs: 0,
});

Deno.test("requeue() puts failed mails first, once each and as if they were new", () => {
  const next = requeue(
    aRecord({
      owed: [owedSince("review", "a@b", 500), owedSince("new", "c@d", 500)],
      failed: [failed("new", "a@b"), failed("new", "c@d")],
    }),
    9000,
  );
  assert.deepEqual(next.owed, [
    owedSince("new", "a@b", 9000),
    owedSince("review", "a@b", 500),
    owedSince("new", "c@d", 500),
  ]);
  assert.deepEqual(next.failed, []);
});

Deno.test("requeue() does not ask reviewers about a decided request", () => {
  const stale = [failed("new", "a@b"), failed("review", "a@b"), failed("requester-new", "x@y")];
  const next = requeue(
    aRecord({ resolution: "DENIED", failed: [...stale, failed("resolution", "a@b")] }),
    9000,
  );
  assert.deepEqual(next.owed, [owedSince("resolution", "a@b", 9000)]);
  assert.deepEqual(next.failed, stale);
});

/** Keeps one record; the first `conflicts` writes find it changed. */
function store(raw: RawRecord, conflicts = 0) {
  let current = raw;
  return {
    record: () => decodeRecord(current).record,
    readRecord: () => Promise.resolve(current),
    writeRecord: (_id: string, set: RawRecord) => {
      if (conflicts-- > 0) return Promise.resolve("conflict" as const);
      current = { ...current, ...set };
      return Promise.resolve("written" as const);
    },
  };
}

Deno.test("retryFailed() plans again when another replica wrote, but not endlessly", async () => {
  const { signal } = new AbortController();
  const raw = encodeRecord(aRecord({ failed: [failed("new", "a@b")] }));
  const patient = store(raw, 2);
  const result = await retryFailed("id", patient, 9000, signal);
  assert.deepEqual(result, { kind: "done", owed: [owedSince("new", "a@b", 9000)], left: 0 });
  assert.deepEqual(patient.record()?.failed, []);
  assert.deepEqual(await retryFailed("id", patient, 9000, signal), { kind: "nothing" });
  assert.deepEqual(await retryFailed("id", store(raw, 9), 9000, signal), { kind: "busy" });
});
