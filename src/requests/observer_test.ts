import assert from "node:assert/strict";
import type { Refusal } from "../mail/transport.ts";
import { mailKey } from "./record/outbox.ts";
import type { Observer } from "./observer.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";
import { aRequest } from "./testing/fixtures.ts";
import { FakeClock, NOW_MS } from "../testing/fake_clock.ts";
import { startReplica } from "./testing/replica.ts";

const LATER: Refusal = { ok: false, category: "server", retry: "later", error: "451 try again" };
const NEVER: Refusal = { ok: false, category: "recipient", retry: "never", error: "550 unknown" };

function setUp() {
  const clock = new FakeClock();
  const cluster = new FakeCluster();
  const told: string[] = [];
  const observer: Observer = {
    mailAccepted: (mail, sendMs, sinceNewsMs) =>
      void told.push(`accepted ${mailKey(mail)} ${sendMs} ${sinceNewsMs}`),
    mailRefused: (mail, { retry }) => void told.push(`refused ${mailKey(mail)} ${retry}`),
    mailDropped: (mail, why) => void told.push(`lost ${mailKey(mail)} ${why}`),
    reconciled: () => {},
    recordWritten: (outcome) => void told.push(`wrote ${outcome}`),
  };
  const replica = startReplica(cluster, clock, { observer });
  const play = async (request: ReturnType<typeof aRequest>, ms = 0) => {
    cluster.requests.set(request.id, request);
    replica.reconciler.update(request.id, request);
    await clock.tick(ms);
  };
  return { ...replica, clock, cluster, told, play };
}

const review = { author: "bob", state: "APPROVED", reason: "", createdMs: NOW_MS } as const;

Deno.test("Observer measures delays from the event on", async () => {
  const { clock, mailer, told, play } = setUp();
  mailer.hold = true;
  await play(aRequest());
  await clock.tick(3_000);
  mailer.answer();
  await clock.tick(0);
  const accepted = ["a", "b", "c"].map((name) => `accepted new/0/${name}@x.org 3000 3000`);
  assert.deepEqual(told, ["wrote written", ...accepted, "wrote written"]);
});

Deno.test("Observer counts mails that fail permanently, with the reviews behind them", async () => {
  const { mailer, told, play } = setUp();
  mailer.respond = ({ mail }) => mail.to === "a@x.org" ? NEVER : undefined;
  await play(aRequest({ reviews: [review] }));
  const aboutA = told.filter((line) => line.includes("a@x.org"));
  assert.deepEqual(aboutA, [
    "refused new/0/a@x.org never",
    "lost new/0/a@x.org failed",
    "lost review/0/a@x.org failed",
  ]);
});

Deno.test("Observer counts superseded mails, and those deleted with their request", async () => {
  const { cluster, clock, mailer, told, play, reconciler } = setUp();
  mailer.respond = () => LATER;
  await play(aRequest());
  told.length = 0;
  await play(aRequest({ state: "APPROVED" }));
  assert.deepEqual(
    told.filter((line) => line.startsWith("lost")),
    ["a", "b", "c"].map((name) => `lost new/0/${name}@x.org superseded`),
  );
  told.length = 0;
  cluster.requests.delete("r1");
  cluster.records.delete("r1");
  await clock.tick(60_000);
  assert.deepEqual(
    told.filter((line) => !line.startsWith("refused")),
    ["wrote missing", ...["a", "b", "c"].map((name) => `lost resolution/0/${name}@x.org deleted`)],
  );
  assert.deepEqual(reconciler.outbox(), []);
  const none = { pending: 0, failed: 0, oldestMs: undefined };
  assert.deepEqual(reconciler.outboxCounts(), none);
});

Deno.test("Observer counts conflicts and failed writes", async () => {
  const { cluster, told, play } = setUp();
  let times = 0;
  cluster.afterWrite = () => {
    if (times++ === 0) throw new Error("the answer is lost");
  };
  await play(aRequest(), 60_000);
  assert.deepEqual(told.slice(0, 2), ["wrote failed", "wrote conflict"]);
});

Deno.test("Reconciler.outbox() lists owed mails with the last error, and failed ones", async () => {
  const { mailer, play, reconciler } = setUp();
  mailer.respond = ({ mail }) =>
    mail.to === "a@x.org" ? NEVER : mail.to === "b@x.org" ? LATER : undefined;
  await play(aRequest());
  const [request, ...others] = reconciler.outbox();
  const { pending, failed, oldestMs } = reconciler.outboxCounts();
  assert.deepEqual([pending, failed, oldestMs], [1, 1, request?.owed[0]?.sinceMs]);
  assert.deepEqual([request?.id, others], ["r1", []]);
  assert.deepEqual(
    request?.owed.map(({ to, attempts, error }) => [to, attempts, error]),
    [["b@x.org", 1, "451 try again"]],
  );
  assert.deepEqual(request?.failed.map(({ to, error }) => [to, error]), [[
    "a@x.org",
    "550 unknown",
  ]]);
  assert.equal(reconciler.queueDepth, 0);
});
