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
    assert.match(
      silent.stderr,
      /^teleport-email: error: Cannot ask the daemon at '.*\/healthz': connection refused/,
    );
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

Deno.test("health exits 0 when http.listen is not set, but cannot say ready then", async () => {
  await onStage({}, async (stage) => {
    assert.deepEqual(await run(stage), {
      code: 0,
      stdout: "http.listen is not set: there is nothing to query\n",
      stderr: "",
    });
    assert.deepEqual(await run(stage, { ready: true }), {
      code: 1,
      stdout: "",
      stderr: "teleport-email: error: http.listen is not set: readiness is unknown\n",
    });
    await stage.configure((text) => `${text}\n[http]\nlisten = "nowhere"\n`);
    const { code, stderr } = await run(stage);
    assert.equal(code, 1);
    assert.match(stderr, /^teleport-email: error: Invalid http\.listen: /);
  });
});

Deno.test("health asks a daemon whose configuration was spoilt later, and one at --address", async () => {
  await onStage({}, async (stage) => {
    const { port } = new URL(await listen(stage));
    await stage.start();
    await stage.configure((text) => text.replace('host = "localhost"', ""));
    const spoilt = await run(stage);
    assert.deepEqual([spoilt.code, spoilt.stdout], [0, "ok\n"]);
    assert.match(spoilt.stderr, /^teleport-email: warning: '.*' has errors in parts that are not/);
    const options = { config: "/nonexistent", ready: false };
    const address = { host: "127.0.0.1", port: Number(port) };
    assert.deepEqual(await runCommand((io) => health({ ...options, address }, io)), {
      code: 0,
      stdout: "ok\n",
      stderr: "",
    });
  });
});

Deno.test("health does not take another program for the daemon, and prints nothing of it", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("<html>ok"),
  );
  const address = { host: "127.0.0.1", port: server.addr.port };
  const options = { config: "/nonexistent", ready: false, address };
  assert.deepEqual(await runCommand((io) => health(options, io)), {
    code: 1,
    stdout: "",
    stderr: "teleport-email: error: Cannot ask the daemon at " +
      `'http://127.0.0.1:${server.addr.port}/healthz': another program answers there\n`,
  });
});
