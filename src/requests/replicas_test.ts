import assert from "node:assert/strict";
import type { Refusal } from "../mail/transport.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";
import { aRequest } from "./testing/fixtures.ts";
import { FakeClock, NOW_MS } from "../testing/fake_clock.ts";
import { startReplica } from "./testing/replica.ts";

const DOWN: Refusal = { ok: false, category: "network", retry: "transport", error: "refused" };

function setUp(randoms: readonly number[]) {
  const clock = new FakeClock();
  const cluster = new FakeCluster();
  const replicas = randoms.map((random, index) =>
    startReplica(cluster, clock, { instance: `i${index}`, random: () => random })
  );
  return { clock, cluster, replicas };
}

Deno.test("Replicas with a backlog behind an unreachable mail server make no calls", async () => {
  const { clock, cluster, replicas } = setUp([0.3, 0.6]);
  const requests = ["r1", "r2", "r3", "r4", "r5"].map((id) => aRequest({ id }));
  for (const replica of replicas) {
    replica.verify = () => DOWN;
    replica.mailer.respond = () => DOWN;
  }
  for (const request of requests) {
    cluster.put(request);
    for (const { reconciler } of replicas) reconciler.update(request.id, request);
  }
  await clock.tick(60_000);
  const calls = cluster.calls.length;
  const attempts = replicas.map(({ mailer }) => mailer.attempts.length);
  await clock.tick(3_600_000);
  assert.equal(cluster.calls.length, calls);
  assert.deepEqual(replicas.map(({ mailer }) => mailer.attempts.length), attempts);
  for (const replica of replicas) {
    replica.verify = () => ({ ok: true, messageId: "", response: "" });
    replica.mailer.respond = () => undefined;
  }
  await clock.tick(600_000);
  const accepted = replicas.flatMap(({ mailer }) => mailer.accepted);
  assert.deepEqual([accepted.length, new Set(accepted).size], [15, 15]);
});

Deno.test("Replicas at rest make no calls", async () => {
  const { clock, cluster, replicas } = setUp([0.3, 0.6, 0.9]);
  cluster.put(aRequest());
  for (const { reconciler } of replicas) reconciler.update("r1", aRequest());
  await clock.tick(60_000);
  const calls = cluster.calls.length;
  assert.equal(clock.pending, 0);
  await clock.tick(86_400_000);
  assert.equal(cluster.calls.length, calls);
});

Deno.test("Replicas that lose a write wait for a random time before they read", async () => {
  for (const [random, waitMs] of [[0, 20], [0.5, 40]] as const) {
    const { clock, cluster, replicas } = setUp([random]);
    cluster.put(aRequest());
    const owner = `other ${new Date(NOW_MS + 20_000).toISOString()}`;
    cluster.records.set("r1", { user: "alice", owner });
    replicas[0]?.reconciler.update("r1", aRequest());
    await clock.tick(waitMs - 1);
    assert.deepEqual(cluster.calls, ["write r1"]);
    await clock.tick(1);
    assert.deepEqual(cluster.calls, ["write r1", "read r1"]);
  }
});

Deno.test("Replicas that wait for one dead replica's lease do not all wake at once", async () => {
  const { clock, cluster, replicas } = setUp([0.9, 0.1, 0.5]);
  const owner = `dead ${new Date(NOW_MS + 20_000).toISOString()}`;
  const owed = JSON.stringify([{ kind: "new", to: "a@x.org", since: "2026-11-24T12:00:00Z" }]);
  cluster.put(aRequest());
  cluster.records.set("r1", { user: "alice", owed, owner });
  for (const { reconciler } of replicas) {
    reconciler.beginListing();
    reconciler.replace(
      { requests: [aRequest()], records: cluster.records, touched: new Set() },
      new Set(),
    );
  }
  await clock.tick(25_000);
  assert.deepEqual(cluster.calls, []);
  await clock.tick(500);
  // One write takes the lease, one settles.
  assert.deepEqual(cluster.calls, ["write r1", "write r1"]);
  await clock.tick(60_000);
  assert.deepEqual(replicas.map(({ mailer }) => mailer.accepted.length), [0, 1, 0]);
});

Deno.test("A decision that owes nothing leaves the lease to the replica that is sending", async () => {
  const { clock, cluster, replicas } = setUp([0]);
  const request = aRequest({ state: "APPROVED" });
  cluster.put(request);
  const owner = `other ${new Date(NOW_MS + 20_000).toISOString()}`;
  cluster.records.set("r1", {
    user: "alice@example.com",
    follow_ups: JSON.stringify({ resolution: { silent: true } }),
    owed: JSON.stringify([{
      kind: "requester-new",
      to: "alice@example.com",
      since: "2026-11-24T12:00:00Z",
    }]),
    owner,
  });
  const [replica] = replicas;
  replica?.reconciler.beginListing();
  replica?.reconciler.replace(
    { requests: [request], records: cluster.records, touched: new Set() },
    new Set(),
  );
  await clock.tick(24_000);
  assert.equal(cluster.records.get("r1")?.["owner"], owner);
  await clock.tick(2_000);
  assert.deepEqual(
    [cluster.records.get("r1")?.["resolution"], cluster.records.get("r1")?.["owner"]],
    ["APPROVED", undefined],
  );
});
