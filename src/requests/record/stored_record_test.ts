import assert from "node:assert/strict";
import fc from "fast-check";
import { ClusterError } from "../../teleport/errors.ts";
import { compareAndSet } from "../testing/compare_and_set.ts";
import { aRecord, owed } from "../testing/fixtures.ts";
import { decodeRecord, encodeRecord, type PluginRecord, type RawRecord } from "./record.ts";
import { StoredRecord } from "./stored_record.ts";
import { FakeClock, NOW_MS } from "../../testing/fake_clock.ts";

/** A record whose writes answer as `respond` says. */
function stored(clock: FakeClock, respond: () => "written" | Error) {
  const record = new StoredRecord("r1", {
    readRecord: () => assert.fail("nothing to read"),
    writeRecord: () => {
      const answer = respond();
      return answer === "written" ? Promise.resolve(answer) : Promise.reject(answer);
    },
  }, clock);
  const write = () => record.write(aRecord(), new AbortController().signal).catch(() => {});
  return { record, write };
}

Deno.test("StoredRecord counts refused writes since the first one, until one succeeds", async () => {
  const clock = new FakeClock();
  let answer: "written" | Error = new ClusterError("invalid", "too big");
  const { record, write } = stored(clock, () => answer);
  await write();
  await clock.tick(1000);
  await write();
  assert.deepEqual(record.refusal, { error: "too big", sinceMs: NOW_MS, attempts: 2 });
  answer = "written";
  await write();
  assert.equal(record.refusal, undefined);
});

Deno.test("StoredRecord takes an unreachable cluster for no refusal of the record", async () => {
  const { record, write } = stored(
    new FakeClock(),
    () => new ClusterError("unavailable", "no route to host"),
  );
  await write();
  assert.equal(record.refusal, undefined);
});

const NEVER = new AbortController().signal;

/** A record whose writes take effect, and what the cluster then has. */
function written(raw: RawRecord = {}) {
  const cluster = { raw };
  const record = new StoredRecord("r1", {
    readRecord: () => Promise.resolve(cluster.raw),
    writeRecord: (_id, set, expect) => {
      const next = compareAndSet(cluster.raw, set, expect);
      if (next === "conflict") return Promise.resolve(next);
      cluster.raw = next;
      return Promise.resolve("written");
    },
  }, new FakeClock());
  record.set(raw);
  return { record, cluster };
}

/** The record as it was read: what is kept of each thread's text is no part of it. */
function parts(record: PluginRecord | undefined) {
  return record &&
    { ...record, threads: record.threads.map(({ stored: _, ...thread }) => thread) };
}

const text = fc.oneof(fc.string(), fc.constant("<".repeat(100_000)));
const time = fc.oneof(fc.integer({ min: 1, max: NOW_MS }), fc.constantFrom(9e15, NaN));
const values = fc.record({
  user: text,
  roles: fc.array(fc.oneof(fc.string(), fc.constant("a,b"))),
  requestReason: text,
  resolveReason: text,
  resolution: fc.constantFrom("" as const, "APPROVED" as const),
  reviewsCount: fc.nat({ max: 1000 }),
  expiresMs: time,
  warnedMs: time,
  threads: fc.array(
    fc.constant({ recipient: "a@x.org", time: "2026-11-24T12:00:00Z", messageId: "m" }),
  ),
  foreignThreads: fc.array(fc.constantFrom("nonsense", "x")),
  owed: fc.array(fc.constantFrom(owed("new", "a@x.org"), owed("review", "b@x.org", 2))),
  owner: fc.record(
    { instance: fc.constant("me"), untilMs: fc.integer({ min: 1, max: NOW_MS }) },
    { noNullPrototype: true },
  ),
}, { noNullPrototype: true });
/** What one write changes. */
const change = values.chain((all) =>
  fc.subarray(Object.keys(all) as (keyof typeof all)[], { maxLength: 3 })
    .map((keys): Partial<PluginRecord> => Object.fromEntries(keys.map((key) => [key, all[key]])))
);

Deno.test("StoredRecord knows after each write what reading the record would give", async () => {
  await fc.assert(fc.asyncProperty(fc.array(change, { maxLength: 6 }), async (changes) => {
    const { record, cluster } = written();
    for (const change of changes) {
      // The parts that a write does not change are the same objects, as those of plan() and settle().
      const next: PluginRecord = { ...record.record ?? aRecord(), ...change };
      assert.equal(await record.write(next, NEVER), "written");
      const { record: read, problems } = decodeRecord({ ...cluster.raw });
      assert.deepEqual([parts(record.record), record.problems], [parts(read), problems]);
      const all = Object.entries(encodeRecord(next)).filter(([, value]) => value !== "");
      assert.deepEqual(cluster.raw, Object.fromEntries(all));
      assert.ok(record.record === undefined || !record.differsFrom(record.record));
    }
  }));
});

Deno.test("StoredRecord keeps a thread of releases before email_threads through its writes", async () => {
  const { record, cluster } = written({ email: "a@x.org", timestamp: "2020-01-01 00:00:00 +0000" });
  const before = record.record ?? assert.fail();
  assert.equal(await record.write({ ...before, resolution: "DENIED" }, NEVER), "written");
  assert.equal(await record.write({ ...before, user: "", resolution: "" }, NEVER), "written");
  assert.deepEqual(record.record?.threads, before.threads);
  assert.deepEqual(cluster.raw, { email: "a@x.org", timestamp: "2020-01-01 00:00:00 +0000" });
});

Deno.test("StoredRecord has no record after a write that leaves no value", async () => {
  const { record, cluster } = written({ user: "alice" });
  const empty = aRecord({ user: "", roles: [], requestReason: "" });
  assert.equal(await record.write(empty, NEVER), "written");
  assert.deepEqual([record.record, cluster.raw], [undefined, {}]);
});
