import assert from "node:assert/strict";
import { FailureLog } from "./failure_log.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { fakeLog } from "../testing/fake_log.ts";

function setUp() {
  const clock = new FakeClock();
  const log = fakeLog();
  const repeated = new FailureLog("Cannot do it", "Can do it again", { clock, log });
  return { clock, repeated, said: () => log.lines.filter(({ level }) => level !== "debug") };
}

Deno.test("FailureLog reports an outage once, however many requests it affects, and summarizes it", async () => {
  const { clock, repeated, said } = setUp();
  for (let round = 0; round < 3; round++) {
    for (const id of ["r1", "r2", "r3"]) repeated.failed(id, new Error("down"));
    await clock.tick(10_000);
  }
  for (const id of ["r1", "r2", "r3"]) repeated.succeeded(id);
  repeated.succeeded("r4");
  assert.deepEqual(said(), [
    { level: "warn", message: "Cannot do it", fields: { request_id: "r1", error: "down" } },
    {
      level: "info",
      message: "Can do it again",
      fields: { attempts: 9, requests: 3, after_seconds: 30 },
    },
  ]);
});

Deno.test("FailureLog reports failures of another kind, and a lasting one every ten minutes", async () => {
  const { clock, repeated, said } = setUp();
  repeated.failed("r1", new Error("down"));
  repeated.failed("r2", new Error("down"));
  repeated.succeeded("r1");
  for (let minutes = 0; minutes < 10; minutes++) {
    await clock.tick(60_000);
    repeated.failed("r2", new Error("down"));
  }
  repeated.failed("r2", new Error("too large"));
  repeated.succeeded("r2");
  assert.deepEqual(
    said().map(({ level, fields }) => [level, fields["request_id"], fields["error"]]),
    [
      ["warn", "r1", "down"],
      ["warn", "r2", "down"],
      ["warn", "r2", "too large"],
      ["info", undefined, undefined],
    ],
  );
  assert.deepEqual(said()[1]?.fields["attempts"], 12);
});
