/** `teleport-email health`, with the real daemon and without. */

import assert from "node:assert/strict";
import { runProgram } from "../sim/playground/plugin_process.ts";
import { health } from "../src/cli/health.ts";
import { listen, onStage, runCommand, type Stage, until } from "./support.ts";

function run({ playground }: Stage, options: { ready?: boolean } = {}) {
  const { config } = playground.paths;
  return runCommand((io) => health({ config, ready: false, ...options }, io));
}

Deno.test("health reports liveness and readiness", async () => {
  await onStage({}, async (stage) => {
    const url = await listen(stage);
    const silent = await run(stage);
    assert.deepEqual([silent.code, silent.stdout], [1, ""]);
    assert.match(silent.stderr, /^Cannot ask the daemon at '.*\/healthz': connection refused/);
    await stage.start();
    await until("it is ready", async () => (await run(stage, { ready: true })).code === 0);
    assert.deepEqual(await run(stage), { code: 0, stdout: "ok\n", stderr: "" });

    await stage.playground.auth.stop();
    await stage.playground.proxy.stop();
    await until("it is not ready", async () => (await run(stage, { ready: true })).code === 1);
    assert.notEqual((await run(stage, { ready: true })).stdout, "ok\n");
    assert.equal((await run(stage)).code, 0, "it works all the same");

    // Its own machine is not asked by way of a proxy, which knows nothing of it.
    const { config } = stage.playground.paths;
    const proxy = { HTTP_PROXY: "http://127.0.0.1:9" };
    const { code, stdout } = await runProgram(["health", "--config", config], proxy);
    assert.deepEqual([code, stdout], [0, "ok\n"], url);
  });
});

Deno.test("health exits 0 when http.listen is not set, and not with a wrong configuration", async () => {
  await onStage({}, async (stage) => {
    const alone = await run(stage);
    assert.deepEqual([alone.code, alone.stderr], [0, ""]);
    assert.equal(alone.stdout, "http.listen is not set: there is nobody to ask\n");
    await stage.configure((text) => text.replace('host = "localhost"', ""));
    assert.deepEqual(await run(stage), {
      code: 1,
      stdout: "",
      stderr: "error: provide smtp.host to use SMTP\n",
    });
  });
});
