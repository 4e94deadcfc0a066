import assert from "node:assert/strict";
import type { WriteOutcome } from "../ports.ts";
import { encodeRecord, type RawRecord } from "../record/record.ts";
import { Retries } from "./retries.ts";
import { Settlement } from "./settlement.ts";
import { StoredRecord } from "../record/stored_record.ts";
import { aRecord, owed } from "../testing/fixtures.ts";
import { FakeClock, NOW_MS, settleDown } from "../../testing/fake_clock.ts";
import { fakeLog } from "../../testing/fake_log.ts";

Deno.test("Settlement does not trust a lease that a pending write releases", async () => {
  const [first, second] = [owed("new", "a@x.org"), owed("new", "b@x.org")];
  const owners: string[] = [];
  const answers: ((outcome: WriteOutcome) => void)[] = [];
  const stored = new StoredRecord("r1", {
    readRecord: () => assert.fail("nothing to read"),
    writeRecord: (_id: string, set: RawRecord) => {
      owners.push(set["owner"]?.split(" ")[0] ?? "as it was");
      return new Promise((resolve) => answers.push(resolve));
    },
  }, new FakeClock());
  const owner = { instance: "one", untilMs: NOW_MS + 20_000 };
  stored.set(encodeRecord(aRecord({ owed: [first, second], owner })));
  let gateIsOpen = false;
  const settlement = new Settlement(
    "r1",
    stored,
    new Retries(() => 0.5),
    () => ({ active: 1, waiting: 1, sending: 0 }),
    {
      instance: "one",
      clock: new FakeClock(),
      random: () => 0.5,
      log: fakeLog(),
      requestLog: { recordDeleted: () => {}, unrecorded: () => {} },
      writeFailures: { failed: () => {}, succeeded: () => {} },
      keepLease: () => gateIsOpen,
      kill: new AbortController().signal,
    },
  );
  settlement.add({ type: "accepted", mail: first, messageId: "m@x.org", atMs: NOW_MS });
  settlement.run();
  await settleDown();
  assert.deepEqual(owners, [""]);
  gateIsOpen = true;
  assert.equal(settlement.maySend(second), false);
  const taken = settlement.takeLease();
  await settleDown();
  answers[0]?.("written");
  await settleDown();
  assert.deepEqual(owners, ["", "one"]);
  answers[1]?.("written");
  await taken;
  assert.equal(settlement.maySend(second), true);
});

Deno.test("Settlement lets no mail leave that the record does not owe any more", () => {
  const [first, second] = [owed("new", "a@x.org"), owed("new", "b@x.org")];
  const clock = new FakeClock();
  const stored = new StoredRecord("r1", {
    readRecord: () => assert.fail("nothing to read"),
    writeRecord: () => assert.fail("nothing to write"),
  }, clock);
  const owner = { instance: "one", untilMs: NOW_MS + 20_000 };
  const settlement = new Settlement(
    "r1",
    stored,
    new Retries(() => 0.5),
    () => ({ active: 1, waiting: 1, sending: 0 }),
    {
      instance: "one",
      clock,
      random: () => 0.5,
      log: fakeLog(),
      requestLog: { recordDeleted: () => {}, unrecorded: () => {} },
      writeFailures: { failed: () => {}, succeeded: () => {} },
      keepLease: () => true,
      kill: new AbortController().signal,
    },
  );
  stored.set(encodeRecord(aRecord({ owed: [first, second], owner })));
  assert.deepEqual([settlement.maySend(first), settlement.maySend(second)], [true, true]);
  // An overtaken replica has settled the first one late.
  stored.set(encodeRecord(aRecord({ owed: [second], owner })));
  assert.deepEqual([settlement.maySend(first), settlement.maySend(second)], [false, true]);
});
