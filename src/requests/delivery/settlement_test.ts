import assert from "node:assert/strict";
import type { WriteOutcome } from "../ports.ts";
import { encodeRecord, type PluginRecord, type RawRecord } from "../record/record.ts";
import { Retries } from "./retries.ts";
import { type Activity, Settlement } from "./settlement.ts";
import { StoredRecord } from "../record/stored_record.ts";
import { mailKey, type OwedMail } from "../record/outbox.ts";
import { aRecord, owed } from "../testing/fixtures.ts";
import { FakeClock, NOW_MS, settleDown } from "../../testing/fake_clock.ts";
import { fakeLog } from "../../testing/fake_log.ts";

const [FIRST, SECOND] = [owed("new", "a@x.org"), owed("new", "b@x.org")];
const MINE = { instance: "one", untilMs: NOW_MS + 20_000 };
const THEIRS = { instance: "two", untilMs: NOW_MS + 20_000 };
const LATER = { ok: false, category: "server", retry: "later", error: "451" } as const;

/** The settlement of a record that owes two mails, under our lease unless `changes` say otherwise. */
function setUp(changes: Partial<PluginRecord> = {}) {
  const clock = new FakeClock();
  const writes: RawRecord[] = [];
  const lines: string[] = [];
  const kill = new AbortController();
  const stage = {
    activity: { active: 1, waiting: 1, sending: 0 } as Activity,
    keepLease: true,
    /** What the cluster answers to a write, and to a read. */
    answer: (): WriteOutcome | Promise<WriteOutcome> => "written",
    read: aRecord({ owed: [FIRST, SECOND], owner: MINE, ...changes }),
  };
  const stored = new StoredRecord("r1", {
    readRecord: () => Promise.resolve(encodeRecord(stage.read)),
    writeRecord: (_id: string, set: RawRecord) => {
      writes.push(set);
      return Promise.try(() => stage.answer());
    },
  }, clock);
  stored.set(encodeRecord(stage.read));
  const retries = new Retries(() => 0.5);
  const settlement = new Settlement("r1", stored, retries, () => stage.activity, {
    instance: "one",
    clock,
    random: () => 0.5,
    log: fakeLog(),
    requestLog: {
      recordDeleted: (mails) => lines.push(`deleted ${mails.map(mailKey)}`),
      unrecorded: (mails, reason) => lines.push(`${mails} unrecorded: ${reason}`),
    },
    writeFailures: { failed: () => {}, succeeded: () => {} },
    keepLease: () => stage.keepLease,
    kill: kill.signal,
  });
  const accept = (mail: OwedMail) =>
    settlement.add({ type: "accepted", mail, messageId: "m@x.org", atMs: clock.now() });
  /** What each write did to the lease. */
  const owners = () => writes.map((set) => set["owner"]?.split(" ")[0] ?? "as it was");
  return { stage, clock, writes, owners, lines, kill, stored, retries, settlement, accept };
}

Deno.test("Settlement does not trust a lease that a pending write releases", async () => {
  const { stage, clock, owners, settlement, accept } = setUp();
  const answers: ((outcome: WriteOutcome) => void)[] = [];
  stage.answer = () => new Promise((resolve) => answers.push(resolve));
  stage.keepLease = false;
  accept(FIRST);
  settlement.run();
  await clock.tick(50);
  assert.deepEqual(owners(), [""]);
  stage.keepLease = true;
  assert.equal(settlement.maySend(SECOND), false);
  const taken = settlement.takeLease();
  await settleDown();
  answers[0]?.("written");
  await settleDown();
  assert.deepEqual(owners(), ["", "one"]);
  answers[1]?.("written");
  await taken;
  assert.equal(settlement.maySend(SECOND), true);
});

Deno.test("Settlement lets no mail leave that the record does not owe any more", () => {
  const { stored, settlement } = setUp();
  const may = () =>
    [FIRST, SECOND].map((mail) => [settlement.maySend(mail), settlement.mayStart(mail)]);
  assert.deepEqual(may(), [[true, true], [true, true]]);
  // An overtaken replica has settled the first one late.
  stored.set(encodeRecord(aRecord({ owed: [SECOND], owner: MINE })));
  assert.deepEqual(may(), [[false, false], [true, true]]);
});

Deno.test("Settlement withholds a mail that was handed over when its lease is over", async () => {
  const { clock, settlement } = setUp();
  await clock.tick(18_999);
  assert.equal(settlement.mayStart(FIRST), true);
  await clock.tick(1);
  assert.equal(settlement.mayStart(FIRST), false);
});

Deno.test("Settlement waits 200 ms for other mails that are just about to be accepted", async () => {
  const { stage, clock, writes, stored, settlement, accept } = setUp();
  stage.activity = { active: 2, waiting: 0, sending: 2 };
  settlement.run();
  accept(FIRST);
  await clock.tick(150);
  accept(SECOND);
  await clock.tick(49);
  assert.equal(writes.length, 0);
  await clock.tick(1);
  assert.deepEqual([writes.length, stored.record?.owed], [1, []]);
});

Deno.test("Settlement waits 50 ms for a mail that has not had its turn", async () => {
  const { stage, clock, writes, settlement, accept } = setUp();
  stage.activity = { active: 2, waiting: 1, sending: 0 };
  settlement.run();
  accept(FIRST);
  await clock.tick(49);
  assert.equal(writes.length, 0);
  // Its turn has come: it is about to be accepted, too.
  stage.activity = { active: 2, waiting: 0, sending: 1 };
  settlement.wake();
  await clock.tick(150);
  assert.equal(writes.length, 0);
  await clock.tick(1);
  assert.equal(writes.length, 1);
  accept(SECOND);
  stage.activity = { active: 1, waiting: 1, sending: 0 };
  settlement.wake();
  await clock.tick(50);
  assert.equal(writes.length, 2);
});

Deno.test("Settlement does not forget a mail that is accepted while it writes", async () => {
  const { stage, clock, writes, stored, settlement, accept } = setUp();
  const { promise, resolve } = Promise.withResolvers<WriteOutcome>();
  stage.answer = () => writes.length === 1 ? promise : "written";
  accept(FIRST);
  const running = settlement.run();
  await clock.tick(50);
  accept(SECOND);
  stage.activity = { active: 0, waiting: 0, sending: 0 };
  resolve("written");
  await running;
  assert.deepEqual([writes.length, stored.record?.owed], [2, []]);
});

Deno.test("Settlement writes down attempts of other mails along", async () => {
  const { clock, stored, retries, settlement, accept } = setUp();
  retries.failed(SECOND, NOW_MS, LATER);
  accept(FIRST);
  settlement.run();
  await clock.tick(50);
  assert.deepEqual(stored.record?.owed.map(({ to, attempts }) => [to, attempts]), [["b@x.org", 1]]);
});

Deno.test("Settlement keeps the lease while a mail is on its way, though no other is to follow", async () => {
  const { stage, clock, owners, settlement, accept } = setUp();
  stage.keepLease = false;
  stage.activity = { active: 1, waiting: 1, sending: 1 };
  accept(FIRST);
  settlement.run();
  await clock.tick(50);
  assert.notDeepEqual(owners(), [""]);
  assert.equal(owners().length, 1);
});

Deno.test("Settlement that another replica has overtaken settles, and takes no lease back", async () => {
  const { stage, clock, writes, stored, settlement, accept } = setUp();
  stage.answer = () => writes.length === 1 ? "conflict" : "written";
  stage.read = aRecord({ owed: [FIRST, SECOND], owner: THEIRS });
  accept(FIRST);
  settlement.run();
  await clock.tick(1000);
  assert.deepEqual(stored.record?.owed, [SECOND]);
  assert.equal(stored.record?.owner?.instance, "two");
  // Its lease is over, too: the next reconcile plans again what is left.
  await clock.tick(60_000);
  await settlement.takeLease();
  assert.equal(writes.length, 2);
});

Deno.test("Settlement reports mails that are dropped with a deleted record", async () => {
  const { stage, clock, lines, stored, settlement, accept } = setUp();
  stage.answer = () => "missing";
  accept(FIRST);
  settlement.run();
  await clock.tick(50);
  assert.deepEqual(lines, [
    "1 unrecorded: the request and its plugin data are gone",
    "deleted new/0/b@x.org",
  ]);
  assert.equal(stored.record, undefined);
});

Deno.test("Settlement reports mails that it could not record when the program ends", async () => {
  const { stage, clock, lines, kill, settlement, accept } = setUp();
  stage.answer = () => Promise.reject(new Error("no route to host"));
  accept(FIRST);
  settlement.run();
  await clock.tick(100);
  kill.abort();
  await clock.tick(10_000);
  assert.deepEqual(lines, ["1 unrecorded: the program is stopping"]);
});
