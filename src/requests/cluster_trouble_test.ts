/** A failure of one call, or of one request, is logged once and delays no other request. */

import assert from "node:assert/strict";
import { status as Status } from "@grpc/grpc-js";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import { toClusterError } from "../teleport/grpc/error.ts";
import { listAndWatch } from "./list_watch.ts";
import type { RawRecord } from "./record/record.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";
import { aRequest } from "./testing/fixtures.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { startReplica } from "./testing/replica.ts";
import { noRules } from "./testing/no_rules.ts";

const MINUTE_MS = 60_000;
const FIRST = aRequest({ id: "r1" });
const SECOND = aRequest({ id: "r2" });
const DENIAL = { state: "DENIED", resolveReason: "no" } as const;

/** A replica that follows a cluster without requests. */
async function setUp() {
  const clock = new FakeClock();
  const cluster = new FakeCluster();
  const replica = startReplica(cluster, clock);
  const done = listAndWatch({
    cluster,
    target: replica.reconciler,
    rules: noRules,
    clock,
    random: () => 0.5,
    log: replica.log,
    onLive: () => {},
  }, replica.drain.signal);
  await clock.tick(0);
  const complaints = () => replica.log.lines.filter(({ level }) => level === "warn");
  const mailsOf = (id: string) => replica.mailer.accepted.filter((key) => key.startsWith(`${id}/`));
  /** Lets r2 be told of and decided, as if nothing were wrong. */
  const assertOthersGoOn = async () => {
    cluster.put(SECOND);
    await clock.tick(1000);
    cluster.put({ ...SECOND, ...DENIAL });
    await clock.tick(1000);
    assert.equal(mailsOf("r2").length, 6);
    assert.equal(new Set(mailsOf("r2")).size, 6);
  };
  const end = async () => {
    replica.drain.abort();
    await done;
    await replica.reconciler.drain();
    assert.equal(clock.pending, 0);
  };
  return { ...replica, clock, cluster, complaints, mailsOf, assertOthersGoOn, end };
}

function refusal(code: Status, details: string): Error {
  const error = Object.assign(new Error(details), { code, details });
  return toClusterError(error, { action: "write plugin data", address: "auth:3025" });
}

const REFUSALS: readonly (readonly [string, Error])[] = [
  ["UNAVAILABLE", refusal(Status.UNAVAILABLE, "connection refused")],
  ["DEADLINE_EXCEEDED", refusal(Status.DEADLINE_EXCEEDED, "Deadline exceeded after 10s")],
  ["RESOURCE_EXHAUSTED", refusal(Status.RESOURCE_EXHAUSTED, "limit exceeded")],
  [
    "PERMISSION_DENIED",
    refusal(Status.PERMISSION_DENIED, 'access denied to perform action "read"'),
  ],
  ["a record over 1 MB", refusal(Status.INVALID_ARGUMENT, "plugin data size limit exceeded")],
];

interface Call {
  readonly what: string;
  readonly call: string;
  /** How many such calls succeed before. */
  readonly before: number;
  readonly request: AccessRequest;
  /** What is known of it in Teleport, if anything. */
  readonly record?: RawRecord;
  /** The mails that it costs in the end. */
  readonly mails: readonly string[];
}

const TOLD = { user: "alice", "email_threads": "a@x.org/2026-01-01T00:00:00Z/m@x.org" };
const NEW = ["a", "b", "c"].map((name) => `r1/new/0/${name}@x.org`);

const CALLS: readonly Call[] = [
  { what: "the first write", call: "write r1", before: 0, request: FIRST, mails: NEW },
  { what: "the settlement", call: "write r1", before: 1, request: FIRST, mails: NEW },
  {
    what: "a read",
    call: "read r1",
    before: 0,
    request: { ...FIRST, ...DENIAL },
    record: TOLD,
    mails: ["r1/resolution/0/a@x.org"],
  },
];

for (const [status, error] of REFUSALS) {
  for (const { what, call, before, request, record, mails } of CALLS) {
    Deno.test(`${status} at ${what} is logged once, and delays only that request`, async () => {
      const { cluster, clock, complaints, mailsOf, assertOthersGoOn, end } = await setUp();
      if (record !== undefined) cluster.records.set("r1", record);
      let failing = true;
      let calls = 0;
      cluster.beforeCall = (made) => {
        if (failing && made === call && ++calls > before) throw error;
      };
      cluster.put(request);
      await clock.tick(10_000);
      await assertOthersGoOn();
      await clock.tick(9 * MINUTE_MS);
      assert.deepEqual(complaints().map(({ fields }) => [fields["request_id"], fields["error"]]), [
        ["r1", error.message],
      ]);
      assert.ok(calls - before > 5);
      failing = false;
      await clock.tick(5 * MINUTE_MS);
      assert.deepEqual(mailsOf("r1").toSorted(), mails);
      assert.deepEqual(cluster.record("r1")?.owed, []);
      await end();
    });
  }
}

for (const [status, error] of REFUSALS.slice(0, -1)) {
  for (const call of ["watch", "listRequests", "listRecords"]) {
    Deno.test(`${status} at ${call}, once it has worked, is told once and outlived`, async () => {
      const { cluster, clock, complaints, mailsOf, end } = await setUp();
      let failing = true;
      cluster.beforeCall = (made) => {
        if (failing && made === call) throw error;
      };
      cluster.drop(error);
      await clock.tick(9 * MINUTE_MS);
      cluster.put(FIRST);
      failing = false;
      await clock.tick(MINUTE_MS);
      assert.deepEqual(mailsOf("r1"), NEW);
      assert.deepEqual(complaints().map(({ fields }) => fields["error"]), [error]);
      await end();
    });
  }
}

Deno.test("A record that vanishes between two calls ends a decided request, and no other", async () => {
  const { cluster, clock, mailsOf, complaints, assertOthersGoOn, end } = await setUp();
  cluster.put(FIRST);
  await clock.tick(0);
  cluster.beforeCall = (call) => {
    if (call === "write r1") cluster.records.delete("r1");
    cluster.beforeCall = () => {};
  };
  cluster.put({ ...FIRST, ...DENIAL });
  await clock.tick(1000);
  // The recipients of the first email are unknown now; the decision is announced to no one.
  assert.equal(mailsOf("r1").length, 3);
  assert.deepEqual(complaints(), []);
  await assertOthersGoOn();
  await end();
});

for (const [when, calls] of [["made", 1], ["settled", 2]] as const) {
  Deno.test(`A request that vanishes with its record before that is ${when} is let go`, async () => {
    const { cluster, clock, mailsOf, complaints, assertOthersGoOn, end } = await setUp();
    let writes = 0;
    cluster.beforeCall = (call) => {
      if (call !== "write r1" || ++writes !== calls) return;
      cluster.requests.delete("r1");
      cluster.records.delete("r1");
    };
    cluster.put(FIRST);
    await clock.tick(1000);
    cluster.emit({ type: "delete", id: "r1" });
    await assertOthersGoOn();
    await clock.tick(10 * MINUTE_MS);
    assert.equal(mailsOf("r1").length, calls === 1 ? 0 : 3);
    assert.ok(complaints().length <= 1);
    assert.ok(!cluster.records.has("r1"));
    await end();
  });
}

const NONSENSE: readonly (readonly [RawRecord, number])[] = [
  [{ user: "alice", owed: "nonsense" }, 1],
  [{ user: "alice", owed: '{"kind":"new"}' }, 1],
  [{ user: "alice", owed: '[{"kind":"gift","to":"a@x.org"},7]' }, 2],
  [{ user: "alice", owner: "somebody for ever" }, 1],
  [{ user: "alice", owner: "me 9999-12-31T00:00:00Z" }, 0],
  [{ user: "alice", reviews_count: "-1", failed: "[[" }, 2],
  [{ user: "alice", reviews_count: "1e9" }, 1],
  [{ user: "alice", email_threads: ",,///,%,a@x.org" }, 0],
  [{ user: "alice", resolution: "PERHAPS" }, 1],
  [{ roles: ",,,", request_reason: "\u0000", resolve_reason: "x", failed: "null" }, 1],
];

for (const [record, problems] of NONSENSE) {
  Deno.test(`Plugin data that say ${JSON.stringify(record)} are told once`, async () => {
    const { cluster, clock, complaints, assertOthersGoOn, end } = await setUp();
    cluster.records.set("r1", record);
    cluster.requests.set("r1", FIRST);
    for (let listings = 0; listings < 3; listings++) {
      cluster.drop();
      await clock.tick(10_000);
    }
    assert.equal(complaints().length, problems);
    for (const { message } of complaints()) {
      assert.equal(message, "Plugin data is not as it should be");
    }
    await assertOthersGoOn();
    // The closing mail still finds whom there is to tell.
    cluster.put({ ...FIRST, ...DENIAL });
    await clock.tick(10_000);
    assert.equal(cluster.record("r1")?.owed.length, 0);
    await end();
  });
}
