import assert from "node:assert/strict";
import type { FollowUp } from "../routing/follow_ups.ts";
import fc from "fast-check";
import type { Refusal } from "../mail/transport.ts";
import { FakeClock, NOW_MS } from "../testing/fake_clock.ts";
import { settle } from "./delivery/outcome.ts";
import { plan, type PlanInput } from "./plan.ts";
import { mailKey } from "./record/outbox.ts";
import type { PluginRecord } from "./record/record.ts";
import { nextStepMs } from "./reminders.ts";
import { requeue } from "./retry_failed.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";
import { aRecord, aRequest, owed } from "./testing/fixtures.ts";
import { startReplica } from "./testing/replica.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DOWN: Refusal = { ok: false, category: "network", retry: "transport", error: "refused" };

const thread = (recipient: string) => ({ recipient, time: "t", messageId: "m" });
const threads = ["a@x.org", "b@x.org"].map(thread);
const review = (author: string) => ({ author, state: "APPROVED", reason: "" }) as const;
const policy = { remindAfterMs: [HOUR_MS, 4 * HOUR_MS], warnBeforeAccessEndsMs: HOUR_MS };
const request = (changes: Parameters<typeof aRequest>[0] = {}) =>
  aRequest({ createdMs: NOW_MS, ...changes });
const approved = request({ state: "APPROVED", accessExpiresMs: NOW_MS + 8 * HOUR_MS });
const closed = aRecord({ threads, resolution: "APPROVED" });

/** The next record at so many milliseconds after the creation of the request. */
function planAt(
  afterMs: number,
  changes: Partial<PlanInput> = {},
  reviewed: readonly string[] = [],
): PluginRecord {
  const nowMs = NOW_MS + afterMs;
  const { record } = plan({
    snapshot: request(),
    record: aRecord({ threads }),
    recipients: ["a@x.org", "b@x.org"],
    nowMs: NOW_MS,
    catchUpMs: 24 * HOUR_MS,
    reminders: { ...policy, nowMs, reviewed: new Set(reviewed) },
    ...changes,
  });
  return record ?? assert.fail("no record");
}

const keys = (record: PluginRecord) => record.owed.map(mailKey);

Deno.test("plan() owes a reminder to every reviewer with a thread when a step has passed, once", () => {
  assert.deepEqual(keys(planAt(HOUR_MS - 1)), []);
  const first = planAt(HOUR_MS);
  assert.deepEqual(keys(first), ["reminder/3600/a@x.org", "reminder/3600/b@x.org"]);
  assert.equal(first.reminded, 3600);
  const record = { ...first, owed: [] };
  assert.equal(planAt(4 * HOUR_MS - 1, { record }), record);
  assert.deepEqual(keys(planAt(4 * HOUR_MS, { record })), [
    "reminder/14400/a@x.org",
    "reminder/14400/b@x.org",
  ]);
});

Deno.test("plan() does not remind recipients to whom routes give the first mail alone", () => {
  const [plain, silent] = [false, true].map((isSilent) => ({ also: [], except: [], isSilent }));
  const except = { ...plain!, except: ["a@x.org"] };
  const remindedBy = (review: FollowUp, resolution: FollowUp) => {
    const followUps = { review, resolution, hasListOwners: false };
    return keys(planAt(HOUR_MS, { record: aRecord({ threads, followUps }) }));
  };
  assert.deepEqual(remindedBy(except, except), ["reminder/3600/b@x.org"]);
  assert.deepEqual(remindedBy(silent!, except), ["reminder/3600/b@x.org"]);
  assert.equal(remindedBy(silent!, plain!).length, 2);
  assert.equal(remindedBy(except, plain!).length, 2);
});

Deno.test("plan() makes one reminder of the steps that passed during an outage", () => {
  const all = ["reminder/14400/a@x.org", "reminder/14400/b@x.org"];
  assert.deepEqual(keys(planAt(20 * HOUR_MS)), all);
  const unsent = aRecord({ threads, reminded: 3600, owed: [owed("reminder", "a@x.org", 3600)] });
  assert.deepEqual(keys(planAt(4 * HOUR_MS, { record: unsent })), all);
});

Deno.test("plan() owes no reminder for steps before the first mail, the correction or the expiry", () => {
  const announced = planAt(2 * HOUR_MS, { record: undefined });
  assert.deepEqual(keys(announced), ["new/0/a@x.org", "new/0/b@x.org"]);
  assert.equal(announced.reminded, 3600);
  const waiting = aRecord({ threads: [thread("a@x.org")], owed: [owed("new", "b@x.org")] });
  assert.deepEqual(keys(planAt(HOUR_MS, { record: waiting })), [
    "new/0/b@x.org",
    "reminder/3600/a@x.org",
  ]);
  const falseEnd = aRecord({ threads, resolution: "EXPIRED" });
  const reopened = planAt(5 * HOUR_MS, { record: falseEnd });
  assert.deepEqual(keys(reopened), ["reopened/1/a@x.org", "reopened/1/b@x.org"]);
  assert.equal(planAt(5 * HOUR_MS, { record: { ...reopened, owed: [] } }).owed.length, 0);
  const corrected = aRecord({ threads, reopened: 1, owed: [owed("reopened", "a@x.org", 1)] });
  assert.deepEqual(keys(planAt(HOUR_MS, { record: corrected })), [
    "reopened/1/a@x.org",
    "reminder/3600/b@x.org",
  ]);
  const snapshot = request({ expiresMs: NOW_MS + HOUR_MS });
  assert.deepEqual(keys(planAt(HOUR_MS, { snapshot })), []);
});

Deno.test("plan() reminds no reviewer who has reviewed, whatever the case of the address", () => {
  const record = planAt(HOUR_MS, {}, ["b@x.org", "bob"]);
  assert.deepEqual(keys(record), ["reminder/3600/a@x.org"]);
  const unsent = aRecord({ threads: [thread("A@x.org")], owed: [owed("reminder", "A@x.org", 1)] });
  assert.deepEqual(keys(planAt(0, { record: unsent }, ["a@x.org"])), []);
});

Deno.test("plan() supersedes reminders by a decision, also where reviews have to be sent before it", () => {
  const record = aRecord({
    threads,
    reminded: 3600,
    owed: threads.map(({ recipient }) => owed("reminder", recipient, 3600)),
  });
  const kinds = (changes: Partial<PlanInput>) =>
    new Set(planAt(5 * HOUR_MS, { record, ...changes }).owed.map(({ kind }) => kind));
  assert.deepEqual(kinds({ snapshot: approved }), new Set(["resolution"]));
  assert.deepEqual(kinds({ snapshot: "gone" }), new Set(["resolution"]));
  const reviews = Array.from({ length: 600 }, () => review("carol"));
  assert.deepEqual(kinds({ snapshot: { ...approved, reviews } }), new Set(["review"]));
  assert.equal(planAt(5 * HOUR_MS, { record: closed }).owed.length, 0);
});

Deno.test("plan() keeps a reminder back while the record has no room for it", () => {
  const record = aRecord({
    threads,
    owed: Array.from({ length: 999 }, (_, index) => owed("review", "a@x.org", index)),
    reviewsCount: 999,
  });
  assert.equal(planAt(HOUR_MS, { record }).reminded, 0);
});

Deno.test("plan() warns the requester once before the access ends", () => {
  const at = (hours: number, changes: Partial<PlanInput> = {}) =>
    planAt(hours * HOUR_MS, {
      snapshot: approved,
      record: closed,
      requester: "alice@x.org",
      ...changes,
    });
  assert.equal(at(6.9), closed);
  const warned = at(7);
  assert.deepEqual(keys(warned), ["requester-access-ending/0/alice@x.org"]);
  const record = { ...warned, owed: [] };
  assert.equal(at(7.5, { record }), record);
  assert.equal(at(6, { record }), record);
  // Too late, and none is known.
  assert.equal(at(8), closed);
  assert.equal(at(7, { requester: "" }), closed);
  assert.deepEqual(keys(at(8, { record: warned })), []);
  assert.deepEqual(keys(at(7.5, { record: warned, snapshot: "gone" })), []);
  const denied = { ...approved, state: "DENIED" } as const;
  assert.deepEqual(keys(at(7.5, { record: warned, snapshot: denied })), []);
});

Deno.test("plan() warns a requester who is a reviewer in the thread that they have", () => {
  const { owed: [mail] } = planAt(7 * HOUR_MS, {
    snapshot: approved,
    record: closed,
    requester: "A@x.org",
  });
  assert.equal(mail?.to, "a@x.org");
});

Deno.test("plan() adds no warning to a decision that comes when it is due", () => {
  const late = planAt(7 * HOUR_MS, { snapshot: approved, requester: "alice@x.org" });
  assert.deepEqual(late.owed.map(({ kind }) => kind), [
    "resolution",
    "resolution",
    "requester-resolution",
  ]);
  const record = { ...late, owed: [] };
  const denied = { ...approved, state: "DENIED" } as const;
  assert.equal(planAt(7 * HOUR_MS, { snapshot: denied }).warnedMs, undefined);
  const again = planAt(7.1 * HOUR_MS, { snapshot: approved, record, requester: "alice@x.org" });
  assert.equal(again, record);
});

Deno.test("plan() owes each step at most once to a recipient, however the clock moves", () => {
  const times = fc.array(fc.integer({ min: 0, max: 10 * HOUR_MS }), { maxLength: 20 });
  const accepts = fc.array(fc.boolean(), { minLength: 20, maxLength: 20 });
  fc.assert(fc.property(times, accepts, (times, accepts) => {
    const sent: string[] = [];
    let record = aRecord({ threads });
    for (const [at, time] of times.entries()) {
      const snapshot = at > 10 ? approved : request();
      record = planAt(time, { record, snapshot, requester: "alice@x.org" });
      if (!accepts[at]) continue;
      sent.push(...keys(record));
      record = settle(
        record,
        record.owed.map((mail) => ({ type: "accepted", mail, messageId: "m", atMs: time })),
      );
    }
    assert.equal(new Set(sent).size, sent.length, sent.join());
    const end = sent.findIndex((key) => key.startsWith("resolution"));
    assert.ok(end < 0 || sent.findLastIndex((key) => key.startsWith("reminder")) < end);
  }));
});

Deno.test("nextStepMs() is the next time at which something may be due", () => {
  const at = (afterMs: number, record: PluginRecord, snapshot = request()) => {
    const next = nextStepMs(record, snapshot, { ...policy, nowMs: NOW_MS + afterMs });
    return next === undefined ? undefined : (next - NOW_MS) / HOUR_MS;
  };
  const open = aRecord({ threads });
  assert.equal(at(0, open), 1);
  assert.equal(at(HOUR_MS, { ...open, reminded: 3600 }), 4);
  // The clock was set back.
  assert.equal(at(0, { ...open, reminded: 3600 }), 4);
  assert.equal(at(5 * HOUR_MS, { ...open, reminded: 14_400 }), undefined);
  assert.equal(at(0, open, request({ expiresMs: NOW_MS + HOUR_MS })), undefined);
  assert.equal(at(0, closed, approved), 7);
  assert.equal(at(0, { ...closed, warnedMs: NOW_MS }, approved), undefined);
  assert.equal(at(8 * HOUR_MS, closed, approved), undefined);
  const denied = aRecord({ threads, resolution: "DENIED" });
  assert.equal(at(0, denied, { ...approved, state: "DENIED" }), undefined);
});

Deno.test("requeue() leaves reminders and warnings failed that have been overtaken", () => {
  const failed = (kind: "reminder" | "requester-access-ending", index: number) => ({
    kind,
    to: "a@x.org",
    index,
    error: "550",
    atMs: NOW_MS,
  });
  const keysOf = (record: Partial<PluginRecord>, nowMs = NOW_MS) => {
    const list = [
      failed("reminder", 3600),
      failed("reminder", 14_400),
      failed("requester-access-ending", 0),
    ];
    return keys(requeue(aRecord({ threads, failed: list, ...record }), nowMs));
  };
  assert.deepEqual(keysOf({ reminded: 14_400 }), ["reminder/14400/a@x.org"]);
  const ended = { resolution: "APPROVED", reminded: 14_400, warnedMs: NOW_MS + 1 } as const;
  assert.deepEqual(keysOf(ended), ["requester-access-ending/0/a@x.org"]);
  assert.deepEqual(keysOf(ended, NOW_MS + 1), []);
});

function setUp(replicas = 1, requesters = ["alice@x.org"]) {
  const clock = new FakeClock();
  const cluster = new FakeCluster();
  const roleToRecipients = new Map([["*", ["a@x.org", "b@x.org"]]]);
  const addresses = new Map([["bob", "B@x.org"]]);
  const start = (instance: string) =>
    startReplica(cluster, clock, {
      instance,
      roleToRecipients,
      policy: { reminders: policy },
      requesters: { addressOf: () => Promise.resolve(requesters[0]) },
      reviewers: { addressOf: (user) => Promise.resolve(addresses.get(user)) },
    });
  const all = Array.from({ length: replicas }, (_, n) => start(`i${n}`));
  /** As an event that every replica gets. */
  const put = (next: ReturnType<typeof aRequest>) => {
    cluster.put(next);
    for (const { reconciler } of all) reconciler.update(next.id, next);
  };
  const sent = () =>
    all.flatMap(({ mailer }) => mailer.accepted)
      .filter((key) => /reminder|ending/.test(key)).map((key) => key.slice("r1/".length)).sort();
  return { clock, cluster, all, put, start, sent };
}

Deno.test("Replicas remind at each step once, and never of a request that is decided", async () => {
  const { clock, cluster, put, sent } = setUp(3);
  put(request());
  await clock.tick(HOUR_MS + MINUTE_MS);
  assert.deepEqual(sent(), ["reminder/3600/a@x.org", "reminder/3600/b@x.org"]);
  assert.equal(cluster.record()?.owner, undefined);
  const calls = cluster.calls.length;
  await clock.tick(2 * HOUR_MS);
  assert.equal(cluster.calls.length, calls);
  put(request({ reviews: [review("bob")] }));
  await clock.tick(2 * HOUR_MS);
  assert.deepEqual(sent(), [
    "reminder/14400/a@x.org",
    "reminder/3600/a@x.org",
    "reminder/3600/b@x.org",
  ]);
  put({ ...approved, reviews: [review("bob")] });
  await clock.tick(3 * HOUR_MS);
  assert.deepEqual(sent()[3], "requester-access-ending/0/alice@x.org");
  await clock.tick(24 * HOUR_MS);
  assert.equal(sent().length, 4);
});

Deno.test("Reconciler asks the backend before it reminds, as events may be late", async () => {
  const { clock, cluster, put, sent } = setUp();
  put(request());
  await clock.tick(HOUR_MS / 2);
  // Decided, and no event came.
  cluster.requests.set("r1", approved);
  await clock.tick(HOUR_MS);
  assert.deepEqual(sent(), []);
  assert.equal(cluster.record()?.resolution, "APPROVED");
  await clock.tick(4 * HOUR_MS);
  assert.equal(cluster.calls.filter((call) => call.startsWith("find")).length, 1);
});

Deno.test("Reconciler does not remind of a request that the server does not find, until it does", async () => {
  const { clock, cluster, put, sent } = setUp();
  put(request());
  await clock.tick(MINUTE_MS);
  cluster.isNarrowed = true;
  await clock.tick(2 * HOUR_MS);
  assert.deepEqual(sent(), []);
  cluster.isNarrowed = false;
  await clock.tick(11 * MINUTE_MS);
  assert.equal(sent().length, 2);
});

Deno.test("Reconciler reminds where the server has no call to look a request up", async () => {
  const { clock, cluster, put, sent } = setUp();
  cluster.canList = false;
  put(request());
  await clock.tick(2 * HOUR_MS);
  assert.equal(sent().length, 2);
});

Deno.test("Reconciler catches up on steps after the clock was set forward, and repeats none", async () => {
  const { clock, put, sent } = setUp();
  put(request());
  await clock.tick(MINUTE_MS);
  clock.set(NOW_MS + 5 * HOUR_MS);
  await clock.tick(11 * MINUTE_MS);
  assert.deepEqual(sent(), ["reminder/14400/a@x.org", "reminder/14400/b@x.org"]);
  clock.set(NOW_MS);
  await clock.tick(12 * HOUR_MS);
  assert.equal(sent().length, 2);
});

Deno.test("Reconciler sends one reminder after an outage of mail that covers two steps", async () => {
  const { clock, put, sent, all: [replica] } = setUp();
  assert.ok(replica);
  put(request());
  await clock.tick(MINUTE_MS);
  replica.verify = () => DOWN;
  replica.mailer.respond = () => DOWN;
  await clock.tick(6 * HOUR_MS);
  replica.verify = () => ({ ok: true, messageId: "", response: "" });
  replica.mailer.respond = () => undefined;
  await clock.tick(HOUR_MS);
  assert.deepEqual(sent(), ["reminder/14400/a@x.org", "reminder/14400/b@x.org"]);
});

Deno.test("A replica that starts later goes on with the steps that are left", async () => {
  const { clock, cluster, all, put, start, sent } = setUp();
  put(request());
  await clock.tick(HOUR_MS);
  all[0]?.drain.abort();
  await all[0]?.reconciler.drain();
  await clock.tick(9 * HOUR_MS);
  const next = start("later");
  all.push(next);
  next.reconciler.replace({
    requests: [...cluster.requests.values()],
    records: new Map(cluster.records),
    touched: new Set(),
  }, new Set());
  await clock.tick(MINUTE_MS);
  assert.deepEqual(sent(), [
    "reminder/14400/a@x.org",
    "reminder/14400/b@x.org",
    "reminder/3600/a@x.org",
    "reminder/3600/b@x.org",
  ]);
});
