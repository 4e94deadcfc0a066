import assert from "node:assert/strict";
import { FakeClock } from "../testing/fake_clock.ts";
import { type SystemdDeps, tellSystemd } from "./systemd.ts";

/** What is sent, a list of assignments for each datagram. */
function stage(env: SystemdDeps["env"] = {}) {
  const sent: (readonly string[])[] = [];
  const clock = new FakeClock();
  const socket = {
    isBusy: false,
    send: (assignments: readonly string[]) => void sent.push(assignments),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const systemd = tellSystemd(socket, { env, pid: 7, clock, uptime: () => 42 });
  return { clock, socket, systemd, take: () => sent.splice(0).map((lines) => lines.join(" ")) };
}

Deno.test("tellSystemd() reports the state during the start, and READY once", async () => {
  const { clock, systemd, take } = stage();
  assert.deepEqual(take(), ["STATUS=starting"]);
  systemd.service = { summary: "not connected, 0 pending emails", stallReason: undefined };
  await clock.tick(10_000);
  assert.deepEqual(take(), ["STATUS=not connected, 0 pending emails"]);
  systemd.service = { summary: "connected by ssh, 3 pending emails", stallReason: undefined };
  systemd.ready();
  systemd.ready();
  await clock.tick(60_000);
  assert.deepEqual(take(), ["READY=1 STATUS=connected by ssh, 3 pending emails"]);
});

Deno.test("tellSystemd() reports changes within five seconds, and reloads and the end at once", async () => {
  const { clock, systemd, take } = stage();
  systemd.ready();
  take();
  systemd.service = { summary: "1 pending email", stallReason: undefined };
  assert.deepEqual(take(), []);
  await clock.tick(5_000);
  assert.deepEqual(take(), ["STATUS=1 pending email"]);
  systemd.reloading();
  systemd.reloaded();
  systemd.stopping();
  systemd.stopping();
  systemd.ready();
  assert.deepEqual(take(), ["RELOADING=1 MONOTONIC_USEC=42000000", "READY=1", "STOPPING=1"]);
});

Deno.test("tellSystemd() ends each reload with READY", () => {
  const { systemd, take } = stage();
  systemd.ready();
  take();
  for (let count = 0; count < 2; count++) {
    systemd.reloading();
    systemd.ready();
    systemd.reloaded();
    systemd.reloaded();
    assert.deepEqual(take(), ["RELOADING=1 MONOTONIC_USEC=42000000", "READY=1"]);
  }
});

Deno.test("tellSystemd() does not report READY for a reload before the start has finished", () => {
  const { systemd, take } = stage();
  take();
  systemd.reloading();
  systemd.reloaded();
  assert.deepEqual(take(), []);
});

Deno.test("tellSystemd() feeds the watchdog of this process twice per interval while the program is alive", async () => {
  const { clock, systemd, take } = stage({ WATCHDOG_USEC: "4000000", WATCHDOG_PID: "7" });
  systemd.ready();
  take();
  await clock.tick(6_000);
  assert.deepEqual(take(), ["WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]);
  systemd.service = { summary: "fine", stallReason: "the work queue has not moved for 300 s" };
  await clock.tick(6_000);
  assert.deepEqual(take(), ["STATUS=the work queue has not moved for 300 s"]);
  systemd.service = { summary: "fine", stallReason: undefined };
  await clock.tick(2_000);
  assert.deepEqual(take(), ["WATCHDOG=1 STATUS=fine"]);
});

Deno.test("tellSystemd() ignores a watchdog that is another process's, off or not a number", async () => {
  for (
    const env of [
      { WATCHDOG_USEC: "4000000", WATCHDOG_PID: "8" },
      { WATCHDOG_USEC: "0" },
      { WATCHDOG_USEC: "soon" },
    ]
  ) {
    const { clock, systemd, take } = stage(env);
    systemd.ready();
    take();
    await clock.tick(60_000);
    assert.deepEqual(take(), []);
  }
});

Deno.test("tellSystemd() waits while systemd does not accept what was sent before", async () => {
  const { clock, socket, systemd, take } = stage({ WATCHDOG_USEC: "60000000" });
  systemd.ready();
  take();
  socket.isBusy = true;
  await clock.tick(60_000);
  assert.deepEqual(take(), []);
  socket.isBusy = false;
  await clock.tick(5_000);
  assert.deepEqual(take(), ["WATCHDOG=1"]);
});

Deno.test("tellSystemd() has no timer without a socket, and none after it was disposed", () => {
  const clock = new FakeClock();
  tellSystemd(undefined, { env: {}, pid: 7, clock, uptime: () => 42 }).ready();
  assert.equal(clock.pending, 0);
  const { clock: other, systemd } = stage();
  systemd[Symbol.dispose]();
  assert.equal(other.pending, 0);
});
