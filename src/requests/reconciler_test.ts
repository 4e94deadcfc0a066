import assert from "node:assert/strict";
import { retryFailed } from "./retry_failed.ts";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import type { Refusal } from "../mail/transport.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";
import { encodeRecord } from "./record/record.ts";
import { aRecord, aRequest, owed } from "./testing/fixtures.ts";
import { FakeClock, NOW_MS } from "../testing/fake_clock.ts";
import type { Router } from "../routing/router.ts";
import { routedTo } from "../routing/testing/role_router.ts";
import { startReplica } from "./testing/replica.ts";

const LATER: Refusal = { ok: false, category: "server", retry: "later", error: "451 try again" };
const NEVER: Refusal = { ok: false, category: "recipient", retry: "never", error: "550 unknown" };
const DOWN: Refusal = { ok: false, category: "network", retry: "transport", error: "refused" };

function setUp(options: Parameters<typeof startReplica>[2] = {}) {
  const clock = new FakeClock();
  const cluster = new FakeCluster();
  const replica = startReplica(cluster, clock, options);
  return { ...replica, clock, cluster, replica };
}

const review = { author: "bob", state: "APPROVED", reason: "", createdMs: NOW_MS } as const;

function writes(cluster: FakeCluster): number {
  return cluster.calls.filter((call) => call.startsWith("write")).length;
}

Deno.test("Reconciler sends three first mails with two writes and no read", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  assert.deepEqual(mailer.accepted.sort(), [
    "r1/new/0/a@x.org",
    "r1/new/0/b@x.org",
    "r1/new/0/c@x.org",
  ]);
  assert.deepEqual(cluster.calls, ["write r1", "write r1"]);
  const record = cluster.record();
  assert.equal(record?.threads.length, 3);
  assert.deepEqual([record?.owed, record?.owner], [[], undefined]);
});

Deno.test("Reconciler records owed mails, with its lease, before the first one is sent", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  mailer.hold = true;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  assert.equal(mailer.attempts.length, 3);
  assert.equal(cluster.record()?.owed.length, 3);
  assert.deepEqual(cluster.record()?.owner, { instance: "one", untilMs: NOW_MS + 20_000 });
  mailer.answer();
  await clock.tick(0);
  assert.equal(cluster.record()?.owner, undefined);
});

Deno.test("Reconciler renews its lease while mails are in flight, and only then", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  mailer.hold = true;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(65_000);
  assert.ok((cluster.record()?.owner?.untilMs ?? 0) > clock.now());
  assert.equal(writes(cluster), 1 + 6);
  mailer.answer();
  await clock.tick(0);
  assert.equal(mailer.accepted.length, 3);
});

Deno.test("Reconciler sends reviews and the resolution to every thread, in order", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  const resolved = aRequest({ state: "APPROVED", resolveReason: "ok", reviews: [review] });
  reconciler.update("r1", resolved);
  await clock.tick(0);
  assert.deepEqual(mailer.accepted.filter((key) => key.endsWith("a@x.org")), [
    "r1/new/0/a@x.org",
    "r1/review/0/a@x.org",
    "r1/resolution/0/a@x.org",
  ]);
  assert.equal(mailer.accepted.length, 9);
  assert.equal(cluster.record()?.resolution, "APPROVED");
});

Deno.test("Reconciler sends no first email about a request that is decided within delivery.settle_for", async () => {
  const { clock, cluster, reconciler, mailer } = setUp({ policy: { settleForMs: 10_000 } });
  const request = (id: string) => aRequest({ id, createdMs: clock.now() });
  for (const id of ["r1", "r2"]) {
    cluster.put(request(id));
    reconciler.update(id, request(id));
  }
  await clock.tick(9000);
  assert.deepEqual(mailer.accepted, []);
  reconciler.update("r1", { ...request("r1"), state: "APPROVED" });
  await clock.tick(0);
  assert.deepEqual(mailer.accepted.toSorted(), [
    "r1/resolution/0/a@x.org",
    "r1/resolution/0/b@x.org",
    "r1/resolution/0/c@x.org",
  ]);
  await clock.tick(1000);
  assert.deepEqual(mailer.accepted.slice(3).toSorted(), [
    "r2/new/0/a@x.org",
    "r2/new/0/b@x.org",
    "r2/new/0/c@x.org",
  ]);
  await clock.tick(60_000);
  assert.equal(mailer.accepted.length, 6);
});

Deno.test("Reconciler sends EXPIRED when a pending request is gone, once", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  cluster.remove("r1");
  reconciler.update("r1", "gone");
  reconciler.update("r1", "gone");
  await clock.tick(0);
  assert.equal(mailer.accepted.filter((key) => key.includes("resolution")).length, 3);
  assert.equal(cluster.record()?.resolution, "EXPIRED");
});

Deno.test("Reconciler retries a refused mail at growing intervals, without writing", async () => {
  const { clock, cluster, reconciler, mailer, log } = setUp();
  let refusals = 4;
  mailer.respond = ({ mail }) => mail.to === "b@x.org" && refusals-- > 0 ? LATER : undefined;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  assert.equal(mailer.accepted.length, 2);
  const before = writes(cluster);
  // With random() = 0.5 the waits are 0.55 s, 1.1 s, 2.2 s, 4.4 s, all within the first lease.
  await clock.tick(550 + 1100 + 2200);
  assert.equal(mailer.attempts.length, 3 + 3);
  assert.equal(writes(cluster), before);
  await clock.tick(4400);
  assert.equal(mailer.accepted.length, 3);
  assert.equal(writes(cluster), before + 1);
  assert.equal(log.lines.filter((line) => line.level === "warn").length, 1);
});

Deno.test("Reconciler sends no review to a recipient whose first mail has to wait", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  mailer.respond = ({ mail }) => mail.to === "a@x.org" ? LATER : undefined;
  const request = aRequest({ reviews: [review] });
  cluster.put(request);
  reconciler.update("r1", request);
  await clock.tick(0);
  const attempts = mailer.attempts.filter((key) => key.endsWith("/a@x.org"));
  assert.deepEqual(attempts, ["r1/new/0/a@x.org"]);
  mailer.respond = () => undefined;
  await clock.tick(10_000);
  assert.deepEqual(mailer.accepted.filter((key) => key.endsWith("/a@x.org")), [
    "r1/new/0/a@x.org",
    "r1/review/0/a@x.org",
  ]);
});

Deno.test("Reconciler does not count mails as refused that it cuts off to end", async () => {
  const { clock, cluster, reconciler, mailer, log, drain, kill } = setUp();
  mailer.hold = true;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  drain.abort();
  const drained = reconciler.drain();
  kill.abort();
  await clock.tick(0);
  await drained;
  assert.deepEqual(log.lines.filter(({ level }) => level === "warn" || level === "error"), []);
});

Deno.test("Reconciler sends more slowly when the mail service asks for that", async () => {
  const { clock, cluster, reconciler, mailer, semaphore } = setUp();
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  const other = aRequest({ id: "r2" });
  mailer.respond = () => ({ ...LATER, pace: "rate" });
  cluster.put(other);
  reconciler.update("r2", other);
  await clock.tick(0);
  // Half of the three that it took in the last second.
  assert.equal(semaphore.pace.perSecond, 1.5);
});

Deno.test("Reconciler uses fewer connections when the mail service asks for that, and pauses nothing", async () => {
  const { clock, cluster, reconciler, mailer, semaphore, breaker } = setUp();
  let refusals = 1;
  mailer.respond = () => refusals-- > 0 ? { ...DOWN, pace: "connections" } : undefined;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  assert.deepEqual([mailer.accepted.length, mailer.attempts.length], [3, 4]);
  assert.deepEqual([semaphore.pace.connections, breaker.isPaused], [2, false]);
});

Deno.test("Reconciler fails a mail that is refused permanently", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  mailer.respond = ({ mail }) => mail.to === "b@x.org" ? NEVER : undefined;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  assert.deepEqual(cluster.record()?.failed.map((mail) => [mail.to, mail.error]), [
    ["b@x.org", "550 unknown"],
  ]);
  reconciler.update("r1", aRequest({ state: "DENIED" }));
  await clock.tick(0);
  assert.equal(mailer.attempts.filter((key) => key.endsWith("b@x.org")).length, 1);
});

Deno.test("Reconciler fails a mail whose retry period has expired, with the last error", async () => {
  const { clock, cluster, reconciler, mailer } = setUp({ policy: { retryForMs: 60_000 } });
  mailer.respond = () => LATER;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(3_600_000);
  const record = cluster.record();
  assert.deepEqual([record?.owed.length, record?.failed.length], [0, 3]);
  assert.equal(record?.failed[0]?.error, "451 try again");
});

Deno.test("Reconciler makes no calls while the transport is down, and then sends everything", async () => {
  const { clock, cluster, reconciler, mailer, breaker, replica } = setUp();
  replica.verify = () => DOWN;
  mailer.respond = () => DOWN;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  assert.equal(cluster.record()?.owed.length, 3);
  const calls = cluster.calls.length;
  await clock.tick(3_600_000);
  assert.equal(cluster.calls.length, calls);
  assert.equal(mailer.attempts.length, 3);
  assert.equal(breaker.isPaused, true);
  replica.verify = () => ({ ok: true, messageId: "", response: "" });
  mailer.respond = () => undefined;
  await clock.tick(300_000);
  assert.equal(breaker.isPaused, false);
  assert.equal(mailer.accepted.length, 3);
});

Deno.test("Reconciler records owed mails while the transport is down, without a lease", async () => {
  const { clock, cluster, reconciler, breaker, replica } = setUp();
  replica.verify = () => DOWN;
  breaker.pause(DOWN);
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(60_000);
  assert.deepEqual(cluster.calls, ["write r1"]);
  assert.deepEqual([cluster.record()?.owed.length, cluster.record()?.owner], [3, undefined]);
});

Deno.test("Reconciler counts no attempt when the whole transport fails", async () => {
  const { clock, cluster, reconciler, mailer, breaker } = setUp();
  mailer.respond = () => DOWN;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  assert.equal(breaker.pauseReason, "refused");
  mailer.respond = () => undefined;
  await clock.tick(1000);
  assert.equal(mailer.accepted.length, 3);
  assert.equal(cluster.record()?.threads.length, 3);
});

Deno.test("Reconciler that loses the race to create a record reads it and leaves it to the owner", async () => {
  const clock = new FakeClock();
  const cluster = new FakeCluster();
  const one = startReplica(cluster, clock, { instance: "one" });
  const two = startReplica(cluster, clock, { instance: "two" });
  cluster.put(aRequest());
  one.reconciler.update("r1", aRequest());
  two.reconciler.update("r1", aRequest());
  await clock.tick(120_000);
  assert.equal(one.mailer.attempts.length + two.mailer.attempts.length, 3);
  assert.equal(cluster.record()?.threads.length, 3);
});

Deno.test("Reconciler takes over what a dead replica owed when its lease has expired", async () => {
  const clock = new FakeClock();
  const cluster = new FakeCluster();
  const one = startReplica(cluster, clock, { instance: "one" });
  const two = startReplica(cluster, clock, { instance: "two" });
  one.mailer.hold = true;
  cluster.put(aRequest());
  one.reconciler.update("r1", aRequest());
  await clock.tick(0);
  // It is killed: nothing of it goes on.
  one.kill.abort();
  one.drain.abort();
  two.reconciler.replace({
    requests: [aRequest()],
    records: new Map(cluster.records),
    touched: new Set(),
  }, new Set());
  await clock.tick(24_000);
  assert.equal(two.mailer.accepted.length, 0);
  await clock.tick(6_000);
  assert.equal(two.mailer.accepted.length, 3);
});

/** Takes the lease over while the replica cannot reach the cluster, after its own lease has ended. */
async function overtake({ clock, cluster }: ReturnType<typeof setUp>): Promise<void> {
  await clock.tick(0);
  cluster.beforeWrite = () => {
    throw new Error("no route to host");
  };
  await clock.tick(26_000);
  const owner = `two ${new Date(clock.now() + 20_000).toISOString()}`;
  cluster.records.set("r1", { ...cluster.records.get("r1"), owner });
  cluster.beforeWrite = () => {};
}

Deno.test("Reconciler that was overtaken settles what it sent, and keeps the new owner's lease", async () => {
  const stage = setUp({ semaphore: 1 });
  const { clock, cluster, reconciler, mailer } = stage;
  mailer.hold = true;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await overtake(stage);
  mailer.hold = false;
  mailer.answer();
  await clock.tick(10_000);
  assert.deepEqual(mailer.attempts, ["r1/new/0/a@x.org"]);
  assert.deepEqual(cluster.record()?.owed.map((mail) => mail.to), ["b@x.org", "c@x.org"]);
  assert.equal(cluster.record()?.owner?.instance, "two");
});

Deno.test("Reconciler that was overtaken withholds mails whose content has not left", async () => {
  const stage = setUp();
  const { clock, cluster, reconciler, mailer, log } = stage;
  mailer.hold = mailer.holdsBeforeContent = true;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await overtake(stage);
  mailer.answer();
  await clock.tick(10_000);
  assert.deepEqual([mailer.attempts.length, mailer.accepted], [3, []]);
  assert.equal(cluster.record()?.owner?.instance, "two");
  // The other replica dies; no attempt was counted, and no refusal reported.
  mailer.hold = false;
  await clock.tick(30_000);
  assert.equal(mailer.accepted.length, 3);
  assert.deepEqual(cluster.record()?.owed, []);
  assert.deepEqual(log.lines.filter(({ message }) => /deferred|refused/.test(message)), []);
});

Deno.test("Reconciler that was overtaken leaves no owner when nothing is left to send", async () => {
  const stage = setUp();
  const { clock, cluster, reconciler, mailer } = stage;
  mailer.hold = true;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await overtake(stage);
  mailer.answer();
  await clock.tick(10_000);
  assert.deepEqual([cluster.record()?.owed, cluster.record()?.owner], [[], undefined]);
});

Deno.test("Reconciler that cannot record what was sent sends no more until it can", async () => {
  const { clock, cluster, reconciler, mailer } = setUp({ semaphore: 1 });
  mailer.hold = true;
  cluster.put(aRequest());
  cluster.afterWrite = () => {
    cluster.beforeWrite = () => {
      throw new Error("no route to host");
    };
  };
  reconciler.update("r1", aRequest());
  for (let i = 0; i < 5; i++) {
    await clock.tick(100);
    mailer.answer();
  }
  await clock.tick(15_000);
  // The second one left before the write failed.
  assert.equal(mailer.attempts.length, 2);
  mailer.hold = false;
  cluster.afterWrite = cluster.beforeWrite = () => {};
  await clock.tick(10_000);
  assert.equal(mailer.attempts.length, 3);
  assert.deepEqual(cluster.record()?.owed, []);
});

Deno.test("Reconciler whose write took effect and whose answer was lost sends once", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  let lost = false;
  cluster.afterWrite = () => {
    if (lost) return;
    lost = true;
    throw new Error("connection lost");
  };
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(30_000);
  assert.equal(mailer.attempts.length, 3);
  assert.deepEqual(cluster.record()?.owed, []);
});

Deno.test("Reconciler sends the outcome of a request that it first sees resolved, if others announced it", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  cluster.put(aRequest({ state: "APPROVED" }));
  const since = new Date(NOW_MS).toISOString();
  cluster.records.set("r1", { user: "alice", "email_threads": `a@x.org/${since}/id@x.org` });
  reconciler.update("r1", aRequest({ state: "APPROVED" }));
  await clock.tick(0);
  assert.deepEqual(mailer.accepted, ["r1/resolution/0/a@x.org"]);
});

Deno.test("Reconciler sends no further mail of an older state when a newer one arrives", async () => {
  const { clock, cluster, reconciler, mailer } = setUp({ semaphore: 1 });
  mailer.hold = true;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  reconciler.update("r1", aRequest({ state: "APPROVED" }));
  mailer.hold = false;
  mailer.answer();
  await clock.tick(0);
  assert.deepEqual(mailer.accepted.filter((key) => key.includes("new")), ["r1/new/0/a@x.org"]);
  assert.equal(mailer.accepted.filter((key) => key.includes("resolution")).length, 3);
});

Deno.test("Reconciler logs once that a request has no recipients, and writes no record", async () => {
  const { clock, cluster, reconciler, log } = setUp({ roleToRecipients: new Map() });
  const request = aRequest({ suggestedReviewers: ["carol"] });
  cluster.put(request);
  reconciler.update("r1", request);
  await clock.tick(0);
  reconciler.update("r1", request);
  await clock.tick(0);
  assert.deepEqual(log.lines.filter((line) => line.level === "warn").map((line) => line.message), [
    "Failed to notify a suggested reviewer with an invalid email address",
    "No recipients to send",
  ]);
  assert.deepEqual(cluster.calls, []);
});

Deno.test("Reconciler.drain() waits for mails in flight and releases the lease", async () => {
  const { clock, cluster, reconciler, mailer, drain } = setUp({ semaphore: 2 });
  mailer.hold = true;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  drain.abort();
  const stopped = reconciler.drain();
  mailer.answer();
  await clock.tick(0);
  await stopped;
  assert.equal(mailer.attempts.length, 2);
  assert.equal(cluster.record()?.owed.length, 1);
  assert.equal(cluster.record()?.owner, undefined);
});

Deno.test("Reconciler.drain() releases the lease of a mail that waits for its retry", async () => {
  const { clock, cluster, reconciler, mailer, drain } = setUp();
  mailer.respond = () => LATER;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(100);
  assert.equal(cluster.record()?.owner?.instance, "one");
  drain.abort();
  await Promise.all([reconciler.drain(), clock.tick(0)]);
  assert.equal(cluster.record()?.owner, undefined);
  assert.equal(clock.pending, 0);
});

Deno.test("Reconciler.replace() closes requests that are known to be gone", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  cluster.requests.clear();
  const listing = { requests: [], records: new Map(cluster.records), touched: new Set<string>() };
  assert.deepEqual(reconciler.missingFrom(listing), ["r1"]);
  reconciler.replace(listing, new Set(["r1"]));
  await clock.tick(0);
  assert.equal(cluster.record()?.resolution, "EXPIRED");
  assert.equal(mailer.accepted.length, 6);
});

Deno.test("Reconciler.replace() prefers events that came after the listing began", async () => {
  const { clock, cluster, reconciler } = setUp();
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  reconciler.replace({ requests: [], records: new Map(), touched: new Set(["r1"]) }, new Set());
  await clock.tick(0);
  assert.equal(cluster.record()?.resolution, "");
});

Deno.test("Reconciler.replace() reconciles requests with earlier events again, now that it has their records", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  reconciler.beginListing();
  const since = new Date(NOW_MS).toISOString();
  const left = {
    ...cluster.records.get("r1"),
    owed: `[{"kind":"new","to":"d@x.org","since":"${since}"}]`,
  };
  cluster.records.set("r1", left);
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  reconciler.replace({
    requests: [aRequest()],
    records: new Map(cluster.records),
    touched: new Set(["r1"]),
  }, new Set());
  await clock.tick(0);
  assert.equal(mailer.accepted.at(-1), "r1/new/0/d@x.org");
});

Deno.test("Reconciler.replace() keeps what was settled of a request that is gone", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  cluster.remove("r1");
  mailer.hold = true;
  reconciler.update("r1", "gone");
  await clock.tick(0);
  reconciler.beginListing();
  const listed = new Map(cluster.records);
  mailer.hold = false;
  mailer.answer();
  await clock.tick(0);
  assert.deepEqual(cluster.record()?.owed, []);
  reconciler.replace({ requests: [], records: listed, touched: new Set() }, new Set());
  await clock.tick(1000);
  assert.equal(mailer.attempts.length, 6);
});

Deno.test("Reconciler.replace() keeps what was settled during the listing", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  mailer.hold = true;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  reconciler.beginListing();
  const listed = new Map(cluster.records);
  assert.equal(JSON.parse(listed.get("r1")?.["owed"] ?? "[]").length, 3);
  mailer.hold = false;
  mailer.answer();
  await clock.tick(0);
  assert.deepEqual(cluster.record()?.owed, []);
  // The listing was read before the mails were settled, and arrives now.
  reconciler.replace({ requests: [aRequest()], records: listed, touched: new Set() }, new Set());
  await clock.tick(1000);
  assert.equal(mailer.attempts.length, 3);
});

Deno.test("Reconciler.replace() makes no call for requests without changes", async () => {
  const { clock, cluster, reconciler } = setUp();
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  const other = setUp();
  other.reconciler.beginListing();
  other.reconciler.replace({
    requests: [aRequest()],
    records: new Map(cluster.records),
    touched: new Set(),
  }, new Set());
  await other.clock.tick(0);
  assert.deepEqual(other.cluster.calls, []);
});

Deno.test("Reconciler.replace() reconciles what it knows when the server cannot list requests", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  reconciler.beginListing();
  reconciler.replace(
    { requests: undefined, records: new Map(cluster.records), touched: new Set() },
    new Set(),
  );
  await clock.tick(0);
  assert.equal(cluster.record()?.resolution, "");
  assert.equal(mailer.accepted.length, 3);
});

Deno.test("Reconciler.replace() sends the rest of the outbox of a request that is gone", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  const since = new Date(NOW_MS).toISOString();
  const raw = {
    user: "alice",
    resolution: "APPROVED",
    "email_threads": `a@x.org/${since}/id@x.org`,
    owed: JSON.stringify([{ kind: "resolution", to: "a@x.org", since }]),
  };
  cluster.records.set("r1", raw);
  reconciler.replace(
    { requests: [], records: new Map([["r1", raw]]), touched: new Set() },
    new Set(),
  );
  await clock.tick(0);
  assert.deepEqual(mailer.accepted, ["r1/resolution/0/a@x.org"]);
});

Deno.test("Reconciler sends nothing for records of the original that are complete", async () => {
  const golden = JSON.parse(
    await Deno.readTextFile(new URL("../../tests/testdata/plugin_data.json", import.meta.url)),
  ) as Record<string, Record<string, { email: Record<string, string> }>>;
  for (const records of Object.values(golden)) {
    const { clock, cluster, reconciler, mailer } = setUp();
    for (const [id, { email }] of Object.entries(records)) cluster.records.set(id, email);
    reconciler.replace(
      { requests: [], records: new Map(cluster.records), touched: new Set() },
      new Set(),
    );
    await clock.tick(0);
    assert.deepEqual([mailer.attempts, writes(cluster)], [[], 0]);
  }
});

Deno.test("Reconciler stops with a request whose plugin data vanishes while its mails are in flight", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  mailer.hold = true;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  cluster.requests.clear();
  cluster.records.clear();
  mailer.hold = false;
  mailer.answer();
  await clock.tick(60_000);
  assert.equal(mailer.attempts.length, 3);
});

Deno.test("Reconciler retries mails that waited out an outage before it fails them", async () => {
  const { clock, cluster, reconciler, mailer, replica } = setUp();
  replica.verify = () => DOWN;
  mailer.respond = () => DOWN;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(25 * 3_600_000);
  // The server is back, and asks strangers to come again (greylisting).
  replica.verify = () => ({ ok: true, messageId: "", response: "" });
  const backMs = clock.now();
  mailer.respond = () => clock.now() < backMs + 300_000 ? LATER : undefined;
  await clock.tick(3_600_000);
  assert.deepEqual([mailer.accepted.length, cluster.record()?.failed], [3, []]);
});

Deno.test("Reconciler does not wait longer when its clock is set back", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  let refusals = 3;
  mailer.respond = () => refusals-- > 0 ? LATER : undefined;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  clock.set(NOW_MS - 365 * 86_400_000);
  await clock.tick(7_200_000);
  assert.equal(mailer.accepted.length, 3);
});

Deno.test("Reconciler does not trust its lease when its clock is set back", async () => {
  const { clock, cluster, reconciler, mailer } = setUp({ semaphore: 1 });
  mailer.hold = true;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  // By the others' clocks the lease may be over.
  clock.set(NOW_MS - 3_600_000);
  cluster.records.set("r1", {
    ...cluster.records.get("r1"),
    owner: `two ${new Date(clock.now() + 20_000).toISOString()}`,
  });
  mailer.hold = false;
  mailer.answer();
  await clock.tick(1000);
  assert.deepEqual(mailer.attempts, ["r1/new/0/a@x.org"]);
});

Deno.test("Reconciler sends the decision of a request that was decided and deleted while it was busy", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  mailer.hold = true;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  cluster.remove("r1");
  reconciler.update("r1", aRequest({ state: "DENIED", resolveReason: "no", reviews: [review] }));
  reconciler.update("r1", "gone");
  mailer.hold = false;
  mailer.answer();
  await clock.tick(1000);
  const record = cluster.record();
  assert.deepEqual([record?.resolution, record?.resolveReason], ["DENIED", "no"]);
  assert.deepEqual(mailer.accepted.filter((key) => key.endsWith("a@x.org")), [
    "r1/new/0/a@x.org",
    "r1/review/0/a@x.org",
    "r1/resolution/0/a@x.org",
  ]);
});

Deno.test("Reconciler records owed mails although many others are slow to send", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  mailer.hold = true;
  const ids = Array.from({ length: 100 }, (_, i) => `r${i}`);
  for (const id of ids) {
    cluster.put(aRequest({ id }));
    reconciler.update(id, aRequest({ id }));
  }
  // Requests are routed one after the other: each takes some turns.
  for (let i = 0; i < 100; i++) await clock.tick(10);
  assert.equal(mailer.attempts.length, 10);
  assert.deepEqual(ids.filter((id) => cluster.record(id)?.owed.length !== 3), []);
  reconciler.update("r99", aRequest({ id: "r99", state: "DENIED" }));
  mailer.hold = false;
  mailer.answer();
  for (let i = 0; i < 30; i++) await clock.tick(100);
  assert.equal(mailer.accepted.length, 300);
  assert.equal(cluster.record("r99")?.resolution, "DENIED");
});

Deno.test("Reconciler writes twice and reads nothing for each of many requests that come together", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  const ids = Array.from({ length: 200 }, (_, i) => `r${i}`);
  for (const id of ids) {
    cluster.put(aRequest({ id }));
    reconciler.update(id, aRequest({ id }));
  }
  while (mailer.accepted.length < 600) await clock.tick(1);
  await clock.tick(0);
  assert.deepEqual([cluster.calls.length, writes(cluster)], [400, 400]);
  assert.deepEqual(ids.filter((id) => cluster.record(id)?.threads.length !== 3), []);
});

Deno.test("Reconciler records a request whose turn is far off, and one that a restart would find too old", async () => {
  for (
    const [semaphore, catchUpMs, recorded] of [
      [10, 86_400_000, 32],
      [40, 86_400_000, 80],
      [10, 3_600_000, 100],
    ] as const
  ) {
    const { clock, cluster, reconciler, mailer } = setUp({ semaphore, policy: { catchUpMs } });
    mailer.hold = true;
    for (let i = 0; i < 100; i++) {
      cluster.put(aRequest({ id: `r${i}` }));
      reconciler.update(`r${i}`, aRequest({ id: `r${i}` }));
    }
    for (let i = 0; i < 450; i++) await clock.tick(1);
    assert.equal(cluster.records.size, recorded);
    for (let i = 0; i < 200; i++) await clock.tick(1);
    assert.equal(cluster.records.size, 100);
  }
});

Deno.test("Reconciler gives the slot of a deleted request to the next one", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  mailer.hold = true;
  for (let i = 0; i < 100; i++) {
    cluster.put(aRequest({ id: `r${i}` }));
    reconciler.update(`r${i}`, aRequest({ id: `r${i}` }));
  }
  await clock.tick(0);
  for (let i = 32; i < 96; i++) {
    cluster.remove(`r${i}`);
    reconciler.update(`r${i}`, "gone");
  }
  mailer.hold = false;
  mailer.answer();
  while (mailer.accepted.length < 108) await clock.tick(1);
  assert.equal(reconciler.queueDepth, 0);
});

Deno.test("Reconciler lets a small request take its turn between many big ones", async () => {
  const everybody = Array.from({ length: 80 }, (_, i) => `${i}@x.org`);
  const roleToRecipients = new Map([["many", everybody], ["*", ["few@x.org"]]]);
  const { clock, cluster, reconciler, mailer } = setUp({ roleToRecipients });
  const big = Array.from({ length: 40 }, (_, i) => aRequest({ id: `big${i}`, roles: ["many"] }));
  for (const request of [...big, aRequest()]) {
    cluster.put(request);
    reconciler.update(request.id, request);
  }
  while (mailer.accepted.length < 3201) await clock.tick(0);
  assert.ok(mailer.accepted.indexOf("r1/new/0/few@x.org") < 3201 / 2);
  assert.equal(new Set(mailer.accepted).size, 3201);
});

Deno.test("Reconciler does not resend mails in flight when another mail causes an internal error", async () => {
  const sent: string[] = [];
  const slow = Promise.withResolvers<void>();
  const { clock, cluster, reconciler } = setUp({
    mailer: {
      send: async ({ mail: { to } }) => {
        sent.push(to);
        if (to === "a@x.org") await slow.promise;
        if (to === "b@x.org" && sent.length < 4) throw new TypeError("a fault of ours");
        return { ok: true, messageId: `${to}.id`, response: "250 ok" };
      },
    },
  });
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(60_000);
  assert.deepEqual(sent, ["a@x.org", "b@x.org", "c@x.org"]);
  slow.resolve();
  await clock.tick(60_000);
  assert.deepEqual(sent, ["a@x.org", "b@x.org", "c@x.org", "b@x.org"]);
  assert.deepEqual([cluster.record()?.owed, cluster.record()?.owner], [[], undefined]);
});

Deno.test("Reconciler does not let a mail that fails at the transport delay others", async () => {
  const { clock, cluster, reconciler, mailer } = setUp({ policy: { retryForMs: 600_000 } });
  // A content filter that breaks at this mail, for example.
  const breaks = { ...DOWN, error: "421 sorry" };
  mailer.respond = ({ id, mail }) => id === "r0" && mail.to === "b@x.org" ? breaks : undefined;
  for (let i = 0; i < 60; i++) {
    const request = aRequest({ id: `r${i}` });
    cluster.put(request);
    reconciler.update(request.id, request);
    await clock.tick(60_000);
    assert.equal(mailer.accepted.length, 3 * i + 2);
  }
  const failed = cluster.record("r0")?.failed.map(({ to, error }) => [to, error]);
  assert.deepEqual(failed, [["b@x.org", "421 sorry"]]);
});

Deno.test("Reconciler sends everything through a transport with a rate limit", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  let [minute, tried, refused] = [0, 0, 0];
  mailer.respond = () => {
    const now = Math.floor(clock.now() / 60_000);
    if (now !== minute) [minute, tried] = [now, 0];
    if (tried++ < 20) return undefined;
    refused++;
    return { ...DOWN, error: "421 too many" };
  };
  for (let i = 0; i < 100; i++) {
    const request = aRequest({ id: `r${i}` });
    cluster.put(request);
    reconciler.update(request.id, request);
  }
  for (let i = 0; i < 18_000 && mailer.accepted.length < 300; i++) await clock.tick(100);
  assert.equal(mailer.accepted.length, 300);
  assert.ok(refused < 1100, `${refused} refusals`);
});

Deno.test("Reconciler sends no mail that took its lease while the transport was paused", async () => {
  const { clock, cluster, reconciler, mailer, replica } = setUp({ semaphore: 2 });
  replica.verify = () => DOWN;
  mailer.hold = true;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  // It hung: the lease is over when a mail is answered and the third one may leave in its place.
  clock.set(NOW_MS + 25_000);
  const written = Promise.withResolvers<void>();
  const write = cluster.writeRecord.bind(cluster);
  cluster.writeRecord = async (...args) => {
    await written.promise;
    return await write(...args);
  };
  mailer.respond = ({ mail }) => mail.to === "b@x.org" ? DOWN : undefined;
  mailer.held.shift()?.();
  await clock.tick(0);
  // While that takes the lease again, the other one pauses the transport.
  mailer.answer();
  await clock.tick(0);
  written.resolve();
  await clock.tick(0);
  assert.deepEqual(mailer.attempts, ["r1/new/0/a@x.org", "r1/new/0/b@x.org"]);
});

Deno.test("Reconciler logs once that emails of a request wait for the mail transport", async () => {
  const { clock, cluster, reconciler, replica, breaker, mailer, log } = setUp();
  replica.verify = () => DOWN;
  breaker.pause(DOWN);
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  const waits = log.lines.filter(({ message }) => message.startsWith("Emails wait"));
  assert.deepEqual(waits.map(({ level, fields }) => [level, fields]), [
    ["info", { request_id: "r1", emails: 3 }],
  ]);
  assert.deepEqual(mailer.attempts, []);
});

Deno.test("Reconciler.rereadFailed() reads records with failed mails, and sends what was requeued", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  mailer.respond = ({ mail }) => mail.to === "b@x.org" ? NEVER : undefined;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(1000);
  assert.equal(reconciler.outboxCounts().failed, 1);
  mailer.respond = () => undefined;
  const { signal } = new AbortController();
  assert.equal((await retryFailed("r1", cluster, clock.now(), signal)).kind, "done");
  reconciler.rereadFailed();
  await clock.tick(1000);
  assert.deepEqual(reconciler.outboxCounts().failed, 0);
  assert.equal(mailer.attempts.filter((attempt) => attempt.endsWith("b@x.org")).length, 2);
});

Deno.test("Reconciler keeps its lease until it has recorded what was accepted while the transport was paused", async () => {
  const { clock, cluster, reconciler, mailer, replica } = setUp();
  replica.verify = () => DOWN;
  const given: string[] = [];
  cluster.afterWrite = () => {
    const { owner, owed = [] } = cluster.record() ?? {};
    if (owner === undefined) given.push(owed.map(({ to }) => to).join());
  };
  mailer.hold = true;
  mailer.respond = ({ mail }) => mail.to === "b@x.org" ? DOWN : undefined;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  for (let i = 0; i < 2; i++) {
    mailer.held.shift()?.();
    await clock.tick(0);
  }
  // The first one has waited long enough to be settled at the moment when the third one is accepted.
  clock.set(NOW_MS + 1000);
  mailer.answer();
  await clock.tick(0);
  assert.deepEqual(given, ["b@x.org"]);
});

const noOwners = () => Promise.resolve({ addresses: [], notices: [] });

Deno.test("Reconciler routes a request once, before its first mail", async () => {
  const routed: string[] = [];
  const router: Router = {
    listOwners: noOwners,
    route: ({ id }) => {
      routed.push(id);
      return Promise.resolve(routedTo("a@x.org"));
    },
  };
  const { clock, cluster, reconciler, mailer } = setUp({ router });
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  for (const state of ["PENDING", "APPROVED"] as const) {
    reconciler.update("r1", aRequest({ state, reviews: [review] }));
    await clock.tick(0);
  }
  reconciler.update("r2", aRequest({ id: "r2", state: "DENIED" }));
  await clock.tick(0);
  assert.deepEqual(routed, ["r1"]);
  assert.equal(mailer.accepted.length, 3);
});

Deno.test("Reconciler retries a request that cannot be routed now", async () => {
  let failures = 2;
  const router: Router = {
    listOwners: noOwners,
    route: () =>
      failures-- > 0
        ? Promise.reject(new Error("no answer"))
        : Promise.resolve(routedTo("a@x.org")),
  };
  const { clock, cluster, reconciler, mailer, log } = setUp({ router });
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(10_000);
  assert.deepEqual(mailer.accepted, ["r1/new/0/a@x.org"]);
  const [line] = log.lines.filter(({ level }) => level === "warn");
  assert.deepEqual(line?.fields, { request_id: "r1", error: "no answer" });
});

Deno.test("Reconciler plans with the state that came while it was routing", async () => {
  const answers: (() => void)[] = [];
  const router: Router = {
    listOwners: noOwners,
    route: () =>
      new Promise((resolve) => {
        answers.push(() => resolve(routedTo("a@x.org")));
      }),
  };
  const { clock, cluster, reconciler, mailer } = setUp({ router });
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  cluster.put(aRequest({ state: "APPROVED" }));
  reconciler.update("r1", aRequest({ state: "APPROVED" }));
  answers[0]?.();
  await clock.tick(1000);
  assert.deepEqual([answers.length, mailer.attempts], [1, []]);
});

Deno.test("Reconciler reads the record of a request that was decided since it was listed without one", async () => {
  const denied = aRequest({ state: "DENIED" });
  const record = encodeRecord(aRecord({ owed: [owed("new", "a@x.org")] }));
  const answers: (() => void)[] = [];
  const router: Router = {
    listOwners: noOwners,
    route: () => new Promise((resolve) => answers.push(() => resolve(routedTo("a@x.org")))),
  };
  const listing = { requests: [aRequest()], records: new Map(), touched: new Set<string>() };

  // The decision comes while the listing is under way,
  const during = setUp();
  during.reconciler.beginListing();
  during.cluster.put(denied);
  during.cluster.records.set("r1", record);
  during.reconciler.update("r1", denied);
  during.reconciler.replace({ ...listing, touched: new Set(["r1"]) }, new Set());
  await during.clock.tick(0);
  assert.deepEqual(during.mailer.accepted, ["r1/resolution/0/a@x.org"]);

  // or while the request waits for its recipients, and another replica has recorded it.
  const after = setUp({ router });
  after.cluster.put(aRequest());
  after.reconciler.beginListing();
  after.reconciler.replace(listing, new Set());
  await after.clock.tick(0);
  after.cluster.put(denied);
  after.cluster.records.set("r1", record);
  after.reconciler.update("r1", denied);
  answers[0]?.();
  await after.clock.tick(0);
  assert.deepEqual(after.mailer.accepted, ["r1/resolution/0/a@x.org"]);
});

Deno.test("Reconciler does not close again what another replica has reopened after the listing", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  const threads = [{ recipient: "a@x.org", time: "2026-11-24T12:00:00.000Z", messageId: "m" }];
  const owner = { instance: "other", untilMs: clock.now() + 10_000 };
  const end = {
    threads,
    resolution: "EXPIRED",
    owed: [owed("resolution", "a@x.org")],
    owner,
  } as const;
  const records = new Map([["r1", encodeRecord(aRecord(end))]]);
  cluster.records.set("r1", records.get("r1")!);
  reconciler.beginListing();
  reconciler.replace({ requests: [], records, touched: new Set() }, new Set());
  await clock.tick(0);
  cluster.records.set("r1", encodeRecord(aRecord({ threads, reopened: 1 })));
  await clock.tick(60_000);
  assert.deepEqual([cluster.record()?.resolution, mailer.accepted], ["", []]);
});

Deno.test("Reconciler does not close a request that a listing lacks while its record is created", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  cluster.put(aRequest());
  cluster.beforeWrite = () => {
    cluster.beforeWrite = () => {};
    reconciler.beginListing();
    reconciler.replace({ requests: [], records: new Map(), touched: new Set() }, new Set());
  };
  reconciler.update("r1", aRequest());
  await clock.tick(60_000);
  assert.equal(cluster.record()?.resolution, "");
  assert.deepEqual(mailer.accepted.toSorted(), [
    "r1/new/0/a@x.org",
    "r1/new/0/b@x.org",
    "r1/new/0/c@x.org",
  ]);
});

Deno.test("Reconciler sends the resolution to owners of the access list, once they can be looked up", async () => {
  let failures = 1;
  const asked: string[] = [];
  const plain = { also: [], except: [], isSilent: false };
  const router: Router = {
    route: () =>
      Promise.resolve({
        ...routedTo("a@x.org"),
        followUps: { review: plain, resolution: plain, hasListOwners: true },
      }),
    listOwners: ({ accessList }) => {
      asked.push(accessList?.name ?? "");
      return failures-- > 0
        ? Promise.reject(new Error("no answer"))
        : Promise.resolve({ addresses: ["own@x.org"], notices: [] });
    },
  };
  const { clock, cluster, reconciler, mailer } = setUp({ router });
  const show = async (request: AccessRequest) => {
    cluster.put(request);
    reconciler.update("r1", request);
    await clock.tick(0);
  };
  await show(aRequest());
  await show(aRequest({ reviews: [review] }));
  assert.deepEqual([mailer.accepted.length, asked], [2, []]);
  await show(aRequest({ state: "PROMOTED", accessList: { name: "ops", title: "" } }));
  await clock.tick(60_000);
  assert.deepEqual(mailer.accepted.slice(2).toSorted(), [
    "r1/resolution/0/a@x.org",
    "r1/resolution/0/own@x.org",
  ]);
  assert.deepEqual(asked, ["ops", "ops"]);
});

/** A reconciler whose request was announced and is then missing from a listing that may be incomplete. */
async function setUpMissing(changes: Partial<AccessRequest> = {}) {
  const stage = setUp();
  const { clock, cluster, reconciler } = stage;
  cluster.put(aRequest(changes));
  reconciler.update("r1", aRequest(changes));
  await clock.tick(0);
  const miss = (target = reconciler) => {
    const listing = { requests: [], records: new Map(cluster.records), touched: new Set<string>() };
    target.beginListing();
    target.replace(listing, new Set());
  };
  miss();
  await clock.tick(1000);
  return { ...stage, miss };
}

Deno.test("Reconciler keeps a missing request open and follows it by events", async () => {
  const { clock, cluster, reconciler, mailer } = await setUpMissing();
  assert.deepEqual([cluster.record()?.resolution, mailer.attempts.length], ["", 3]);
  reconciler.update("r1", aRequest({ state: "APPROVED", reviews: [review] }));
  await clock.tick(0);
  assert.equal(cluster.record()?.resolution, "APPROVED");
  assert.equal(mailer.accepted.length, 9);
});

Deno.test("Reconciler closes a missing request when it is past its expiry", async () => {
  const expiresMs = NOW_MS + 60_000;
  const { clock, cluster, mailer } = await setUpMissing({ expiresMs });
  assert.equal(cluster.record()?.expiresMs, expiresMs);
  await clock.tick(63_000);
  assert.equal(cluster.record()?.resolution, "");
  await clock.tick(1_000);
  assert.equal(cluster.record()?.resolution, "EXPIRED");
  assert.equal(mailer.accepted.filter((key) => key.includes("resolution")).length, 3);
});

Deno.test("A restarted Reconciler closes a missing request past the recorded expiry", async () => {
  const { clock, cluster, miss } = await setUpMissing({ expiresMs: NOW_MS + 60_000 });
  const other = startReplica(cluster, clock, { instance: "two" });
  miss(other.reconciler);
  await clock.tick(0);
  assert.equal(cluster.record()?.resolution, "");
  await clock.tick(65_000);
  assert.equal(cluster.record()?.resolution, "EXPIRED");
});

Deno.test("Reconciler takes the end of the access for the expiry of a request without one", async () => {
  const { clock, cluster } = await setUpMissing({ accessExpiresMs: NOW_MS + 60_000 });
  await clock.tick(65_000);
  assert.equal(cluster.record()?.resolution, "EXPIRED");
});

Deno.test("Reconciler sends what an unlisted request owes, but no review, which it cannot compose", async () => {
  const { clock, cluster, mailer, reconciler } = setUp();
  const since = new Date(NOW_MS).toISOString();
  const raw = {
    user: "alice",
    "reviews_count": "1",
    owed: JSON.stringify([
      { kind: "new", to: "a@x.org", since },
      { kind: "review", to: "a@x.org", since },
      { kind: "review", to: "b@x.org", since },
    ]),
  };
  cluster.records.set("r1", raw);
  reconciler.replace(
    { requests: [], records: new Map([["r1", raw]]), touched: new Set() },
    new Set(),
  );
  await clock.tick(86_400_000);
  assert.deepEqual(mailer.attempts, ["r1/new/0/a@x.org"]);
  assert.equal(cluster.record()?.owed.length, 2);
  const request = aRequest({ reviews: [review] });
  cluster.put(request);
  reconciler.update("r1", request);
  await clock.tick(0);
  assert.deepEqual(mailer.attempts.slice(1).sort(), ["r1/review/0/a@x.org", "r1/review/0/b@x.org"]);
});

/** A request that was closed as EXPIRED although it exists. */
async function setUpFalseEnd() {
  const stage = setUp();
  const { clock, cluster, reconciler } = stage;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(1000);
  reconciler.update("r1", "gone");
  await clock.tick(1000);
  assert.equal(cluster.record()?.resolution, "EXPIRED");
  stage.mailer.accepted.length = 0;
  return stage;
}

Deno.test("Reconciler corrects a false end when the request is seen again", async () => {
  const { clock, cluster, reconciler, mailer, log } = await setUpFalseEnd();
  reconciler.update("r1", aRequest());
  await clock.tick(1000);
  assert.deepEqual(mailer.accepted.sort(), [
    "r1/reopened/1/a@x.org",
    "r1/reopened/1/b@x.org",
    "r1/reopened/1/c@x.org",
  ]);
  assert.deepEqual([cluster.record()?.resolution, cluster.record()?.reopened], ["", 1]);
  assert.ok(log.lines.some(({ message }) => message.startsWith("Request was closed as expired")));
  reconciler.update("r1", aRequest({ state: "DENIED" }));
  await clock.tick(1000);
  assert.deepEqual(mailer.accepted.slice(3).sort(), [
    "r1/resolution/1/a@x.org",
    "r1/resolution/1/b@x.org",
    "r1/resolution/1/c@x.org",
  ]);
});

Deno.test("Reconciler corrects a false end with the decision, if the request is decided by then", async () => {
  const { clock, cluster, reconciler, mailer } = await setUpFalseEnd();
  cluster.put(aRequest({ state: "APPROVED" }));
  reconciler.update("r1", aRequest({ state: "APPROVED" }));
  await clock.tick(1000);
  assert.equal(cluster.record()?.resolution, "APPROVED");
  assert.deepEqual(mailer.accepted.sort(), [
    "r1/resolution/1/a@x.org",
    "r1/resolution/1/b@x.org",
    "r1/resolution/1/c@x.org",
  ]);
});

Deno.test("Reconciler corrects nothing because of a late event of a request that is gone", async () => {
  const { clock, cluster, reconciler, mailer } = await setUpFalseEnd();
  cluster.remove("r1");
  reconciler.update("r1", aRequest());
  await clock.tick(1000);
  assert.deepEqual([mailer.attempts.length, cluster.record()?.resolution], [6, "EXPIRED"]);
});

Deno.test("Reconciler believes the event of a request that its role may not look up", async () => {
  const { clock, cluster, reconciler, mailer } = await setUpFalseEnd();
  cluster.isNarrowed = true;
  cluster.roles = [];
  reconciler.update("r1", aRequest());
  await clock.tick(1000);
  assert.equal(mailer.accepted.length, 3);
});

Deno.test("Reconciler does not reopen a pending request that is past its expiry", async () => {
  const { clock, cluster, reconciler, mailer } = await setUpFalseEnd();
  const expired = aRequest({ expiresMs: NOW_MS - 1 });
  cluster.put(expired);
  reconciler.update("r1", expired);
  await clock.tick(1000);
  assert.deepEqual([mailer.accepted, cluster.record()?.resolution], [[], "EXPIRED"]);
});

Deno.test("Reconciler sends the end that a dead replica owed, also when it knows another one", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(0);
  const since = new Date(NOW_MS).toISOString();
  // A replica that had not seen the denial closed the request and died.
  cluster.requests.clear();
  cluster.records.set("r1", {
    ...cluster.records.get("r1"),
    resolution: "EXPIRED",
    owed: JSON.stringify([{ kind: "resolution", to: "a@x.org", since }]),
    owner: `two ${new Date(NOW_MS + 20_000).toISOString()}`,
  });
  reconciler.update("r1", aRequest({ state: "DENIED" }));
  reconciler.update("r1", "gone");
  await clock.tick(60_000);
  assert.deepEqual(mailer.accepted.slice(3), ["r1/resolution/0/a@x.org"]);
  assert.deepEqual([cluster.record()?.owed, cluster.record()?.resolution], [[], "EXPIRED"]);
});

Deno.test("Reconciler closes a request whose end comes at whatever moment of a reconcile", async () => {
  for (let microtasks = 0; microtasks < 60; microtasks++) {
    const { clock, cluster, reconciler, mailer } = setUp();
    cluster.put(aRequest());
    reconciler.update("r1", aRequest());
    for (let i = 0; i < microtasks; i++) await Promise.resolve();
    cluster.requests.clear();
    reconciler.update("r1", "gone");
    await clock.tick(60_000);
    if (cluster.record() === undefined) continue;
    assert.equal(cluster.record()?.resolution, "EXPIRED", `after ${microtasks} microtasks`);
    assert.deepEqual(cluster.record()?.owed, []);
    assert.equal(mailer.accepted.filter((key) => key.includes("resolution")).length, 3);
  }
});

Deno.test("Reconciler charges a disconnection at one recipient to that mail, and pauses nothing", async () => {
  const { clock, cluster, reconciler, mailer, breaker, log } = setUp();
  const hungUp: Refusal = { ...DOWN, category: "server", error: "421 closing" };
  mailer.respond = ({ mail }) => mail.to === "b@x.org" ? hungUp : undefined;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(60_000);
  assert.equal(breaker.pauseReason, undefined);
  assert.ok(!log.lines.some(({ message }) => message.startsWith("Mail transport is paused")));
  cluster.put(aRequest({ id: "r2" }));
  reconciler.update("r2", aRequest({ id: "r2" }));
  await clock.tick(1000);
  assert.equal(mailer.accepted.filter((key) => key.startsWith("r2")).length, 2);
  // Its attempts count, so that it fails in the end.
  await clock.tick(2 * 86_400_000);
  assert.deepEqual(cluster.record("r1")?.failed.map(({ to }) => to), ["b@x.org"]);
});

Deno.test("Reconciler charges a mail that stops the transport time and again while others are accepted", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  const policy: Refusal = { ...DOWN, category: "policy", error: "554 blocked" };
  mailer.respond = ({ id, mail }) => id === "r1" && mail.to === "b@x.org" ? policy : undefined;
  for (let hour = 1; hour <= 48; hour++) {
    const request = aRequest({ id: `r${hour}`, createdMs: clock.now() });
    cluster.put(request);
    reconciler.update(request.id, request);
    await clock.tick(3_600_000);
  }
  assert.deepEqual(cluster.record("r1")?.failed.map(({ to }) => to), ["b@x.org"]);
});

Deno.test("Reconciler forgets a record that has vanished, and what it owed", async () => {
  const { clock, cluster, reconciler, mailer } = setUp();
  mailer.respond = () => LATER;
  cluster.put(aRequest());
  reconciler.update("r1", aRequest());
  await clock.tick(100);
  assert.equal(reconciler.outbox()[0]?.owed.length, 3);
  cluster.requests.clear();
  cluster.records.clear();
  reconciler.update("r1", aRequest({ state: "APPROVED" }));
  await clock.tick(0);
  assert.deepEqual(reconciler.outbox(), []);
});

Deno.test("Reconciler does not reopen a request whose deletion it has heard, whatever its role may see", async () => {
  const { clock, cluster, reconciler, mailer } = await setUpFalseEnd();
  cluster.isNarrowed = true;
  cluster.roles = [];
  cluster.requests.clear();
  reconciler.update("r1", aRequest({ id: "r1", state: "PENDING" }));
  reconciler.update("r1", aRequest({ state: "APPROVED" }));
  reconciler.update("r1", "gone");
  await clock.tick(60_000);
  assert.deepEqual([mailer.accepted, cluster.record()?.resolution], [[], "EXPIRED"]);
});
