import assert from "node:assert/strict";
import { ClusterError } from "../../teleport/errors.ts";
import { StoredRecord } from "./stored_record.ts";
import { aRecord } from "../testing/fixtures.ts";
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
