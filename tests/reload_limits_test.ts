/** The time limits of a reload, on the daemon in this process and a fast clock. */

import assert from "node:assert/strict";
import { readConfigFile } from "../src/cli/read_config.ts";
import { type Clock, systemClock } from "../src/clock.ts";
import type { LoadResult } from "../src/config/config.ts";
import { runDaemon } from "../src/daemon/daemon.ts";
import { fakeLog } from "../src/testing/fake_log.ts";
import { ask, dataOf, onStage, type Stage, until } from "./support.ts";

/** Shortens one wait; all others take their time. */
function hurrying(ms: number): Clock {
  return {
    now: () => systemClock.now(),
    after: (wantedMs, action) => systemClock.after(wantedMs === ms ? 200 : wantedMs, action),
  };
}

/** Runs the daemon until the test ends it. */
function run(stage: Stage, clock: Clock) {
  const log = fakeLog();
  const [drain, kill] = [new AbortController(), new AbortController()];
  let load = (): Promise<LoadResult> => readConfigFile(stage.playground.paths.config);
  let wake = () => {};
  const reloads: boolean[] = [];
  const running = load().then(async (loaded) => {
    assert.ok(loaded.ok);
    await runDaemon(loaded.config, {
      clock,
      random: Math.random,
      log,
      env: {},
      failFast: false,
      uncaught: { count: 0 },
      drain: drain.signal,
      kill: kill.signal,
      reloads: {
        asked: (signal) =>
          new Promise((resolve) => {
            if (signal.aborted) return resolve(false);
            wake = () => resolve(true);
            signal.addEventListener("abort", () => resolve(false), { once: true });
          }),
        load: () => load(),
        reopenLog: () => {},
        began: () => {},
        ended: (isReloaded) => reloads.push(isReloaded),
      },
      systemd: { service: undefined, ready: () => {} },
    });
  });
  const isLogged = (pattern: RegExp) =>
    log.lines.some(({ message, fields }) => pattern.test(`${message} ${fields["error"] ?? ""}`));
  return {
    drain,
    running,
    reloads,
    reload: () => wake(),
    loadBy: (next: typeof load) => load = next,
    logged: (pattern: RegExp) => until(`${pattern} is logged`, () => isLogged(pattern)),
  };
}

Deno.test("A reload waits 30 s for emails in flight, then cuts them off and keeps them pending", async () => {
  await onStage({}, async (stage) => {
    const { playground } = stage;
    const daemon = run(stage, hurrying(30_000));
    await daemon.logged(/Plugin is ready/);
    playground.mail.replyDelayMs = 60_000;
    const id = ask(playground, { roles: ["dev"] });
    await until(
      "the email is in flight",
      () => dataOf(playground, id)["owner"] !== undefined,
    );
    daemon.reload();
    await daemon.logged(/The new configuration is in use/);
    assert.deepEqual(daemon.reloads, [true]);
    assert.equal(JSON.parse(dataOf(playground, id)["owed"] ?? "[]").length, 1);
    daemon.drain.abort();
    await daemon.running;
  });
});

Deno.test("A reload that hangs ends after a minute, and the next one is heard", async () => {
  await onStage({}, async (stage) => {
    const daemon = run(stage, hurrying(60_000));
    await daemon.logged(/Plugin is ready/);
    daemon.loadBy(() => new Promise(() => {}));
    daemon.reload();
    await daemon.logged(/Cannot reload the configuration.* no end after 60 s/);
    daemon.loadBy(() => readConfigFile(stage.playground.paths.config));
    daemon.reload();
    await daemon.logged(/The new configuration is in use/);
    assert.deepEqual(daemon.reloads, [false, true]);
    daemon.drain.abort();
    await daemon.running;
  });
});
