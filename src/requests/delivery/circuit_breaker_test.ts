import assert from "node:assert/strict";
import type { Receipt, Refusal } from "../../mail/transport.ts";
import { TransportGate } from "./circuit_breaker.ts";
import { FakeClock, fakeLog } from "../testing/fixtures.ts";

const DOWN: Refusal = { ok: false, category: "network", retry: "transport", error: "refused" };
const UP: Receipt = { ok: true, messageId: "", response: "250 ok" };

function setUp(verify: (() => Receipt) | undefined) {
  const clock = new FakeClock();
  const log = fakeLog();
  const stop = new AbortController();
  let opened = 0;
  const gate = new TransportGate(
    verify === undefined ? {} : { verify: () => Promise.resolve(verify()) },
    { clock, random: () => 0.5, log, onOpen: () => opened++, signal: stop.signal },
  );
  const messages = () => log.lines.filter((l) => l.level !== "debug").map((l) => l.message);
  return { clock, gate, stop, opened: () => opened, messages };
}

const PAUSED = "Mail transport is paused, mails are kept and sent later";
const WORKS = "Mail transport works again";

Deno.test("TransportGate opens when the transport can connect again, and logs each outage once", async () => {
  const answers = [DOWN, DOWN, UP];
  const { clock, gate, opened, messages } = setUp(() => answers.shift() ?? UP);
  gate.close(DOWN);
  gate.close(DOWN);
  assert.equal(gate.reason, "refused");
  await clock.tick(550 + 1100 + 2199);
  assert.deepEqual([gate.isOpen, opened()], [false, 0]);
  await clock.tick(1);
  assert.deepEqual([gate.isOpen, opened()], [true, 1]);
  assert.deepEqual(messages(), [PAUSED, WORKS]);
});

Deno.test("TransportGate waits as long as the server asks for", async () => {
  const { clock, gate } = setUp(() => UP);
  gate.close({ ...DOWN, retryAfterMs: 60_000 });
  await clock.tick(59_999);
  assert.equal(gate.isOpen, false);
  await clock.tick(1);
  assert.equal(gate.isOpen, true);
});

Deno.test("TransportGate without a check lets a mail through and waits longer if that fails", async () => {
  const { clock, gate, messages } = setUp(undefined);
  gate.close(DOWN);
  await clock.tick(550);
  assert.equal(gate.isOpen, true);
  gate.close(DOWN);
  await clock.tick(1099);
  assert.equal(gate.isOpen, false);
  await clock.tick(1);
  gate.succeeded();
  assert.deepEqual(messages(), [PAUSED, WORKS]);
});

Deno.test("TransportGate.check() closes the gate when the transport cannot connect", async () => {
  const answers = [DOWN];
  const { clock, gate } = setUp(() => answers.shift() ?? UP);
  await gate.check();
  assert.equal(gate.isOpen, false);
  await clock.tick(550);
  assert.equal(gate.isOpen, true);
});

Deno.test("TransportGate stays closed and stops asking when the program stops", async () => {
  let asked = 0;
  const { clock, gate, stop } = setUp(() => (asked++, UP));
  gate.close(DOWN);
  stop.abort();
  await clock.tick(600_000);
  assert.deepEqual([asked, gate.isOpen, clock.pending], [0, false, 0]);
});

Deno.test("TransportGate waits longer and says so once when mails fail although the transport connects", async () => {
  const { clock, gate, messages } = setUp(() => UP);
  gate.close(DOWN);
  for (const waitMs of [550, 1100, 2200]) {
    await clock.tick(waitMs - 1);
    assert.equal(gate.isOpen, false, `${waitMs} ms`);
    await clock.tick(1);
    assert.equal(gate.isOpen, true);
    gate.close(DOWN);
  }
  await clock.tick(4400);
  gate.succeeded();
  assert.deepEqual(messages(), [PAUSED, WORKS]);
});

Deno.test("TransportGate takes a failure long after the last outage for a new one", async () => {
  const { clock, gate, messages } = setUp(undefined);
  gate.close(DOWN);
  // The mail that was refused has been superseded meanwhile: none has told that it works again.
  await clock.tick(24 * 3_600_000);
  gate.close(DOWN);
  await clock.tick(550);
  assert.equal(gate.isOpen, true);
  assert.deepEqual(messages(), [PAUSED, PAUSED]);
});
