import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

Deno.test("deno task demo shows three requests and ends with code 0", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "demo"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.equal(code, 0, text + new TextDecoder().decode(stderr));
  assert.match(text, /3 requests, 13 mails in 5 threads,\n {4}none twice/);
  for (
    const status of ["⏳ PENDING", "✅ APPROVED (Have a good rollout)", "❌ DENIED", "⌛ EXPIRED"]
  ) {
    assert.ok(text.includes(`Status: ${status}`), status);
  }
});

/** Starts `demo`, does something to it after its first output, and returns its code and what it left. */
async function interrupted(
  interrupt: (demo: Deno.ChildProcess, output: ReadableStreamDefaultReader) => Promise<void> | void,
) {
  const folder = await Deno.makeTempDir();
  try {
    const demo = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "sim/playground/demo.ts"],
      cwd: ROOT,
      env: { NO_COLOR: "1", TMPDIR: folder },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const reader = demo.stdout.getReader();
    await reader.read();
    const stderr = new Response(demo.stderr).text();
    await interrupt(demo, reader);
    const { code } = await demo.status;
    const left = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
    return { code, stderr: await stderr, left };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("The demo removes its files when its reader goes away, and when it is interrupted", async () => {
  const [closed, stopped] = await Promise.all([
    interrupted((_demo, reader) => reader.cancel()),
    interrupted(async (demo, reader) => {
      demo.kill("SIGTERM");
      while (!(await reader.read()).done);
    }),
  ]);
  assert.deepEqual(closed, { code: 141, stderr: "", left: [] });
  assert.deepEqual(stopped, { code: 143, stderr: "", left: [] });
});
