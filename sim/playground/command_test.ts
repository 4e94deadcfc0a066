import assert from "node:assert/strict";
import { runDemo } from "./demo.ts";
import { Interruption, orAborted, readOptions, readPort, UsageError } from "./command.ts";
import { runPlayground } from "./playground_command.ts";
import { runCluster } from "../cluster/cluster_command.ts";

const COMMANDS = { demo: runDemo, playground: runPlayground, cluster: runCluster };

function quietIo() {
  const written: string[] = [];
  const io = {
    write: (text: string) => void written.push(text),
    signal: new AbortController().signal,
    isWatched: false,
  };
  return { io, written };
}

Deno.test("Each command has a help that names its task", async () => {
  for (const [task, run] of Object.entries(COMMANDS)) {
    for (const option of ["--help", "-h"]) {
      const { io, written } = quietIo();
      await run([option], io);
      assert.match(written.join(""), new RegExp(`^Usage: deno task ${task} `));
    }
  }
});

Deno.test("Each command refuses what it does not know before it starts anything", async () => {
  for (const run of Object.values(COMMANDS)) {
    const { io, written } = quietIo();
    await assert.rejects(run(["--bogus"], io), new UsageError("Unknown option '--bogus'"));
    await assert.rejects(run(["keep"], io), /^UsageError: Unexpected argument 'keep'/);
    assert.deepEqual(written, []);
  }
  const { io } = quietIo();
  await assert.rejects(runDemo(["--port", "80"], io), new UsageError("--port needs --keep"));
  await assert.rejects(
    runDemo(["--pause", "long"], io),
    new UsageError("--pause must be a number of seconds up to 999, it is 'long'"),
  );
  await assert.rejects(
    runPlayground(["--port", "70000"], io),
    new UsageError("--port must be a port from 0 to 65535, it is '70000'"),
  );
  await assert.rejects(
    runCluster(["--control-port", "x"], io),
    new UsageError("--control-port must be a port from 0 to 65535, it is 'x'"),
  );
});

Deno.test("A port that another process has is named, and nothing stays behind", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const { io } = quietIo();
  const error = `Cannot listen on 127.0.0.1:${port}: another process does, choose another port`;
  await assert.rejects(runCluster(["--control-port", String(port)], io), new Error(error));
});

Deno.test("readOptions() says which value is missing, and readPort() takes every port", () => {
  const options = { dir: { type: "string" } } as const;
  assert.deepEqual({ ...readOptions(["--dir", "x"], options) }, { dir: "x" });
  assert.throws(() => readOptions(["--dir"], options), /^UsageError: .*--dir.* argument missing/);
  assert.deepEqual(["0", "65535"].map((text) => readPort("port", text)), [0, 65_535]);
});

Deno.test("orAborted() settles with the work, or with the reason of the signal", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  assert.equal(await orAborted(Promise.resolve(1), signal), 1);
  const endless = orAborted(new Promise(() => {}), signal);
  controller.abort(new Interruption("SIGINT"));
  await assert.rejects(endless, new Interruption("SIGINT"));
  await assert.rejects(orAborted(new Promise(() => {}), signal), new Interruption("SIGINT"));
  assert.deepEqual([new Interruption("SIGINT").exitCode, new Interruption("SIGPIPE").exitCode], [
    130,
    141,
  ]);
});
