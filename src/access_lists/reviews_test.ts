import assert from "node:assert/strict";
import type { Receipt } from "../mail/transport.ts";
import { ClusterError, type ClusterErrorKind } from "../teleport/errors.ts";
import { NOW_MS } from "../testing/fake_clock.ts";
import type { fakeLog } from "../testing/fake_log.ts";
import { aList, DAY_MS, HOUR_MS, setUp } from "./testing/stage.ts";

const DOWN: Receipt = { ok: false, category: "network", retry: "transport", error: "refused" };
const LATER: Receipt = { ok: false, category: "server", retry: "later", error: "451 later" };
const NEVER: Receipt = { ok: false, category: "recipient", retry: "never", error: "550 unknown" };

const warnings = (log: ReturnType<typeof fakeLog>) =>
  log.lines.filter(({ level }) => level === "warn").map(({ message }) => message);

Deno.test("An owner gets one email about all lists that are due, at each step once", async () => {
  const { clock, cluster, sent, start, stop } = setUp(
    aList("a", 10, ["bob@x.org", "carol@x.org", "dave"]),
    aList("b", -1, ["BOB@x.org"]),
    aList("later", 15, ["bob@x.org"]),
  );
  const { running } = start("one");
  await clock.tick(0);
  assert.deepEqual(sent.sort(), ["bob@x.org: a -4,b 0", "carol@x.org: a -4"]);
  assert.deepEqual(cluster.records.get("a"), { reminded: "2026-11-20T12:00:00.000Z" });
  sent.length = 0;
  await clock.tick(22 * HOUR_MS);
  assert.deepEqual(sent, []);
  await clock.tick(7 * HOUR_MS);
  assert.deepEqual(sent, ["BOB@x.org: b 1,later 1"]);
  // The review of one is done.
  cluster.put(aList("b", 180, ["bob@x.org"]));
  sent.length = 0;
  await clock.tick(2 * DAY_MS);
  assert.deepEqual(sent.sort(), ["bob@x.org: a 3", "carol@x.org: a 3"]);
  await stop(running);
});

Deno.test("Replicas share the lists, and none reminds twice", async () => {
  const lists = ["a", "b", "c"].map((name) => aList(name, 1, ["bob@x.org"]));
  const { clock, sent, start, stop } = setUp(...lists);
  const running = ["one", "two", "three"].map((name) => start(name).running);
  await clock.tick(HOUR_MS);
  const named = sent.flatMap((mail) => mail.split(": ")[1]?.split(",") ?? []);
  assert.deepEqual(named.sort(), ["a -6", "b -6", "c -6"]);
  await clock.tick(12 * HOUR_MS);
  assert.equal(sent.flatMap((mail) => mail.split(",")).length, 3);
  await stop(Promise.all(running).then(() => {}));
});

Deno.test("What a replica that ended has claimed is sent by another when its lease is over", async () => {
  const { clock, cluster, sent, start, stop } = setUp(aList("a", 1, ["bob@x.org"]));
  const owner = `gone ${new Date(NOW_MS + 600_000).toISOString()}`;
  cluster.records.set("a", {
    reminded: new Date(NOW_MS - 6 * DAY_MS).toISOString(),
    owed: '["bob@x.org"]',
    owner,
  });
  const { running } = start("one");
  await clock.tick(600_000);
  assert.deepEqual(sent, []);
  await clock.tick(400_000);
  assert.deepEqual(sent, ["bob@x.org: a -6"]);
  assert.equal(cluster.records.get("a")?.["owner"], undefined);
  await stop(running);
});

Deno.test("A reminder that is refused for now is retried, and one that is refused for good is not", async () => {
  const { clock, cluster, sent, office, start, stop, log } = setUp(
    aList("a", 1, ["bob@x.org", "no@x.org"]),
  );
  office.answer = ({ to }) => to === "no@x.org" ? NEVER : LATER;
  const { running } = start("one");
  await clock.tick(0);
  assert.equal(cluster.records.get("a")?.["owed"], '["bob@x.org"]');
  assert.equal(cluster.records.get("a")?.["owner"], undefined);
  await clock.tick(HOUR_MS);
  // 5, 10 and 20 minutes apart.
  assert.equal(cluster.calls.filter((call) => call === "lists").length, 4);
  assert.deepEqual(warnings(log), ["Reminder of access lists is deferred, will retry"]);
  office.answer = ({ to }) => to === "no@x.org" ? NEVER : undefined;
  await clock.tick(HOUR_MS);
  assert.deepEqual(sent, ["bob@x.org: a -6"]);
  assert.equal(cluster.records.get("a")?.["owed"], undefined);
  assert.equal(log.lines.filter(({ level }) => level === "error").length, 1);
  await stop(running);
});

Deno.test("Nothing leaves while the transport is paused, and the next step replaces what is owed", async () => {
  const { clock, sent, office, start, stop } = setUp(aList("a", 0, ["bob@x.org"]));
  office.answer = () => DOWN;
  const { running, breaker } = start("one");
  await clock.tick(25 * HOUR_MS);
  assert.deepEqual(sent, []);
  assert.equal(breaker.isPaused, true);
  office.answer = () => undefined;
  breaker.isPaused = false;
  await clock.tick(4 * HOUR_MS);
  assert.deepEqual(sent, ["bob@x.org: a 1"]);
  await stop(running);
});

Deno.test("A reminder that is owed when the review is done is not sent", async () => {
  const { clock, cluster, sent, office, start, stop } = setUp(aList("a", 1, ["bob@x.org"]));
  office.answer = () => LATER;
  const { running } = start("one");
  await clock.tick(0);
  cluster.put(aList("a", 180, ["bob@x.org"]));
  office.answer = () => undefined;
  await clock.tick(4 * HOUR_MS);
  assert.deepEqual(sent, []);
  assert.equal(cluster.records.get("a")?.["owed"], undefined);
  await stop(running);
});

Deno.test("Reminders that could not be recorded are not sent again by the same replica", async () => {
  const { clock, cluster, sent, start, stop } = setUp(aList("a", 1, ["bob@x.org"]));
  let writes = 0;
  cluster.beforeCall = (call) => {
    if (call.startsWith("write") && ++writes === 2) throw new ClusterError("unavailable", "gone");
  };
  const { running } = start("one");
  await clock.tick(HOUR_MS);
  assert.equal(cluster.records.get("a")?.["owed"], '["bob@x.org"]');
  await clock.tick(4 * HOUR_MS);
  assert.equal(sent.length, 1);
  assert.equal(cluster.records.get("a")?.["owed"], undefined);
  await stop(running);
});

Deno.test("A refusal that is the transport's fault drops no reminder", async () => {
  const { clock, cluster, office, start, stop } = setUp(aList("a", 1, ["bob@x.org"]));
  office.answer = () => NEVER;
  const { running, breaker } = start("one");
  breaker.isCausedByTransport = () => true;
  await clock.tick(0);
  assert.equal(cluster.records.get("a")?.["owed"], '["bob@x.org"]');
  assert.equal(breaker.isPaused, true);
  await stop(running);
});

Deno.test("What was sent is recorded although the record has changed meanwhile", async () => {
  const { clock, cluster, sent, start, stop } = setUp(aList("a", 1, ["bob@x.org", "carol@x.org"]));
  const owner = `other ${new Date(NOW_MS + 600_000).toISOString()}`;
  let writes = 0;
  cluster.beforeCall = (call) => {
    if (!call.startsWith("write") || ++writes !== 2) return;
    cluster.records.set("a", { ...cluster.records.get("a"), owner });
  };
  const { running } = start("one");
  await clock.tick(0);
  assert.equal(sent.length, 2);
  assert.equal(writes, 3);
  assert.deepEqual(Object.keys(cluster.records.get("a") ?? {}), ["reminded"]);
  await stop(running);
});

Deno.test("A list that is deleted during a round holds up nothing", async () => {
  const { clock, cluster, sent, start, stop, log } = setUp(
    aList("a", 1, ["bob@x.org"]),
    aList("b", 1, ["carol@x.org"]),
  );
  cluster.beforeCall = (call) => void (call === "records" && cluster.lists.delete("a"));
  const { running } = start("one");
  await clock.tick(0);
  assert.deepEqual(sent, ["carol@x.org: b -6"]);
  assert.deepEqual(log.lines.map(({ level }) => level), ["info"]);
  await stop(running);
});

Deno.test("A clock that is set back repeats no step", async () => {
  const { clock, sent, start, stop } = setUp(aList("a", 0, ["bob@x.org"]));
  const { running } = start("one");
  await clock.tick(25 * HOUR_MS);
  assert.equal(sent.length, 2);
  clock.set(NOW_MS - DAY_MS);
  await clock.tick(36 * HOUR_MS);
  assert.equal(sent.length, 2);
  await stop(running);
});

Deno.test("A list without an owner who can be mailed is one warning, and holds up no other", async () => {
  const { clock, sent, start, stop, log } = setUp(
    aList("a", 0, ["bob"]),
    aList("b", 0, ["bob@x.org"]),
    aList("c", 0, ["carol@x.org"]),
  );
  const { running } = start("one");
  // One hour after another: a round takes many steps of the event loop.
  for (let hours = 0; hours < 25; hours++) await clock.tick(HOUR_MS);
  assert.equal(sent.length, 4);
  assert.deepEqual(warnings(log), ["No owner of an access list has an email address"]);
  await stop(running);
});

const ENDS: readonly (readonly [ClusterErrorKind, string, number, boolean])[] = [
  ["unsupported", "lists", 0, true],
  ["invalid", "records", 1, true],
  ["denied", "lists", 1, false],
  ["denied", "owners a", 1, false],
  ["unavailable", "records", 0, false],
];

for (const [kind, call, expected, isOver] of ENDS) {
  Deno.test(`A server that answers '${call}' with ${kind} ${isOver ? "is not asked again" : "is asked again"}, with ${expected} warnings`, async () => {
    const { clock, cluster, sent, start, stop, log } = setUp(aList("a", 1, ["bob@x.org"]));
    let fails = true;
    cluster.beforeCall = (name) => {
      if (fails && name === call) throw new ClusterError(kind, "no");
    };
    const { running } = start("one");
    await clock.tick(9 * HOUR_MS);
    assert.equal(warnings(log).length, expected);
    fails = false;
    const calls = cluster.calls.length;
    await clock.tick(4 * HOUR_MS);
    assert.equal(sent.length, isOver ? 0 : 1);
    assert.equal(cluster.calls.length > calls, !isOver);
    await stop(running);
  });
}
