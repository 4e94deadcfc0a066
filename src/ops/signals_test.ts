import assert from "node:assert/strict";
import { systemClock } from "../clock.ts";
import { listenForSignals, type Signals } from "./signals.ts";

const never = new AbortController().signal;

async function withSignals(test: (signals: Signals) => Promise<void>): Promise<void> {
  using signals = listenForSignals(systemClock);
  // Waiting for a signal does not keep the process alive.
  const alive = setInterval(() => {}, 1000);
  await test(signals).finally(() => clearInterval(alive));
}

Deno.test("reloadAsked() is true at once for a SIGHUP that came before, and waits for the next", async () => {
  await withSignals(async (signals) => {
    const arrived = new Promise<void>((resolve) => {
      const listener = () => {
        Deno.removeSignalListener("SIGHUP", listener);
        resolve();
      };
      Deno.addSignalListener("SIGHUP", listener);
    });
    Deno.kill(Deno.pid, "SIGHUP");
    await arrived;
    assert.equal(await signals.reloadAsked(never), true);
    const second = signals.reloadAsked(never);
    Deno.kill(Deno.pid, "SIGHUP");
    assert.equal(await second, true);
  });
});

Deno.test("reloadAsked() is false after the wait was cancelled", async () => {
  await withSignals(async (signals) => {
    const waiting = new AbortController();
    const asked = signals.reloadAsked(waiting.signal);
    waiting.abort();
    assert.equal(await asked, false);
    assert.equal(await signals.reloadAsked(waiting.signal), false);
  });
});
