/** Records that the cluster refuses to change for good (docs/internals/delivery.md). */

import assert from "node:assert/strict";
import { ClusterError } from "../teleport/errors.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";
import { aRequest } from "./testing/fixtures.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { startReplica } from "./testing/replica.ts";

const REASON = "Cannot write plugin data at 'x': plugin data size limit exceeded";

/** A replica on a cluster that refuses writes of some requests, from the n-th of each on. */
function setUp(refuses: (id: string) => boolean, from = 1) {
  const clock = new FakeClock();
  const cluster = new FakeCluster();
  const replica = startReplica(cluster, clock);
  const writes = new Map<string, number>();
  const stage = { isRefusing: true };
  cluster.beforeWrite = (id) => {
    const count = (writes.get(id) ?? 0) + 1;
    writes.set(id, count);
    if (stage.isRefusing && refuses(id) && count >= from) {
      throw new ClusterError("invalid", REASON);
    }
  };
  const ask = (id: string) => {
    const request = aRequest({ id });
    cluster.put(request);
    replica.reconciler.update(id, request);
  };
  const sent = (id: string) => replica.mailer.attempts.filter((key) => key.startsWith(`${id}/`));
  return { ...replica, stage, clock, cluster, writes, ask, sent };
}

Deno.test("A request whose record cannot be created sends nothing until it can", async () => {
  const { stage, clock, reconciler, writes, ask, sent } = setUp(() => true);
  ask("r1");
  await clock.tick(3_600_000);
  assert.deepEqual(sent("r1"), []);
  // With random() = 0.5 that is one write in 165 s.
  assert.ok((writes.get("r1") ?? 0) < 40, `${writes.get("r1")} writes`);
  const [request] = reconciler.unwritable();
  assert.deepEqual([request?.id, request?.error], ["r1", REASON]);
  stage.isRefusing = false;
  await clock.tick(300_000);
  assert.equal(sent("r1").length, 3);
  assert.deepEqual(reconciler.unwritable(), []);
});

Deno.test("A request whose mails cannot be recorded keeps what it knows, and sends no more", async () => {
  const { stage, clock, cluster, reconciler, ask, sent } = setUp(() => true, 2);
  ask("r1");
  await clock.tick(3_600_000);
  assert.equal(sent("r1").length, 3);
  assert.equal(cluster.record()?.owed.length, 3);
  reconciler.update("r1", aRequest({ state: "APPROVED" }));
  await clock.tick(60_000);
  assert.equal(sent("r1").length, 3);
  stage.isRefusing = false;
  await clock.tick(600_000);
  assert.deepEqual(sent("r1").slice(3).map((key) => key.split("/")[1]), [
    "resolution",
    "resolution",
    "resolution",
  ]);
  assert.deepEqual([cluster.record()?.owed, cluster.record()?.threads.length], [[], 3]);
});

Deno.test("A thousand refused requests hold no place, and delay another by less than a second", async () => {
  const { clock, reconciler, mailer, ask, sent } = setUp((id) => id !== "good", 2);
  for (let i = 0; i < 1000; i++) ask(`r${i}`);
  for (let i = 0; i < 1000; i++) await clock.tick(1);
  assert.equal(reconciler.unwritable().length, 1000);
  assert.equal(new Set(mailer.attempts).size, mailer.attempts.length);
  ask("good");
  for (let i = 0; i < 10; i++) await clock.tick(100);
  assert.equal(sent("good").length, 3);
});

Deno.test("A refused write is one warning for all requests with the same cause", async () => {
  const { clock, log, ask } = setUp(() => true);
  for (let i = 0; i < 50; i++) ask(`r${i}`);
  await clock.tick(60_000);
  const warnings = log.lines.filter(({ level }) => level === "warn");
  assert.deepEqual(warnings.map(({ message }) => message), [
    "Failed to process request, trying again",
  ]);
  assert.equal(warnings[0]?.fields["error"], REASON);
});

Deno.test("A program that stops does not wait for a record that is refused", async () => {
  const { clock, reconciler, drain, log, ask } = setUp(() => true, 2);
  ask("r1");
  await clock.tick(100);
  drain.abort();
  await Promise.all([reconciler.drain(), clock.tick(0)]);
  assert.equal(clock.pending, 0);
  const line = log.lines.find(({ message }) => message === "Sent mails cannot be recorded");
  assert.deepEqual(line?.fields, { request_id: "r1", mails: 3, reason: REASON });
});
