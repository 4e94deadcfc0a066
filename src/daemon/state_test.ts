import assert from "node:assert/strict";
import { aRecord, owed } from "../requests/testing/fixtures.ts";
import { FakeClock, NOW_MS } from "../testing/fake_clock.ts";
import { Pace } from "../requests/delivery/pace.ts";
import { DaemonState, type RunningSetup, type RunningWork } from "./state.ts";

/** A setup of which only connection and transport are looked at. */
function connectedBy(method: string): RunningSetup {
  const config = { mail: { kind: "smtp" } };
  const cluster = { connections: { current: { method } } };
  return { config, cluster } as unknown as RunningSetup;
}

Deno.test("DaemonState summarizes the daemon's state in one line, with the reasons why it is not ready", () => {
  using state = new DaemonState(new FakeClock());
  assert.equal(state.summary, "not connected, 0 pending emails");
  assert.deepEqual(state.notReady, ["the cluster is not connected"]);
  state.watching(false, new Error("refused"));
  assert.deepEqual(state.notReady, ["the cluster is not connected: refused"]);
  state.setup = connectedBy("ssh");
  state.watching(true);
  assert.deepEqual([state.summary, state.notReady], ["connected by ssh, 0 pending emails", []]);
  let reason: string | undefined = "down";
  const mails = aRecord({ owed: [owed("new", "a@x.org")] });
  const work: RunningWork = {
    reconciler: {
      rereadFailed: () => {},
      queueDepth: 0,
      unwritable: () => [],
      outbox: () => [{ id: "r1", ...mails }],
      outboxCounts: () => ({ pending: 1, failed: 0, oldestMs: NOW_MS }),
    },
    breaker: {
      get pauseReason() {
        return reason;
      },
      outage: undefined,
      isTried: true,
    },
    semaphore: { isThrottled: false, pace: new Pace(10, undefined, new FakeClock()) },
  };
  state.work = work;
  assert.equal(state.summary, "connected by ssh, mail is paused, 1 pending email");
  assert.deepEqual(state.notReady, ["mail: down"]);
  reason = undefined;
  assert.deepEqual(state.notReady, []);
});

Deno.test("DaemonState detects a stalled work queue, but not a throttled one", async () => {
  const clock = new FakeClock();
  using state = new DaemonState(clock);
  state.serving();
  let isThrottled = true;
  state.work = {
    reconciler: {
      queueDepth: 1,
      rereadFailed: () => {},
      unwritable: () => [],
      outbox: () => [],
      outboxCounts: () => ({ pending: 0, failed: 0, oldestMs: undefined }),
    },
    breaker: { pauseReason: undefined, outage: undefined, isTried: false },
    semaphore: {
      pace: new Pace(10, undefined, new FakeClock()),
      get isThrottled() {
        return isThrottled;
      },
    },
  };
  await clock.tick(1_800_000);
  assert.equal(state.stallReason, undefined);
  isThrottled = false;
  await clock.tick(600_000);
  state.recordWritten("written");
  await clock.tick(600_000);
  state.reconciled();
  await clock.tick(600_000);
  assert.equal(state.stallReason, undefined);
  await clock.tick(1_200_000);
  assert.match(state.stallReason ?? "", /^the work queue has not moved for \d+ s$/);
});

Deno.test("DaemonState detects that nothing is served between two configurations", async () => {
  const clock = new FakeClock();
  using state = new DaemonState(clock);
  state.serving();
  await clock.tick(600_000);
  assert.equal(state.stallReason, undefined);
  state.draining();
  await clock.tick(60_000);
  assert.equal(state.stallReason, "no configuration has been served for 60 s");
});
