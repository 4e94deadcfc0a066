import assert from "node:assert/strict";
import { DEFAULT_LOG, type LogOptions, openLog } from "./log.ts";

async function logTo(
  options: Partial<LogOptions>,
  use: (log: ReturnType<typeof openLog>["log"]) => void,
): Promise<string[]> {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/plugin.log`;
    const output = { kind: "file", path } as const;
    for (let i = 0; i < 2; i++) {
      using opened = openLog({ ...DEFAULT_LOG, output, ...options });
      use(opened.log);
    }
    return (await Deno.readTextFile(path)).trimEnd().split("\n");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("openLog() appends to a file", async () => {
  const lines = await logTo({}, (log) => log.info("Plugin is ready", { a: 1 }));
  assert.equal(lines.length, 2);
  assert.match(lines[1] ?? "", /Z INFO {2}Plugin is ready a:1$/);
});

Deno.test("openLog() leaves out what is below its severity", async () => {
  const levels = ["trace", "debug", "info", "warn", "error"] as const;
  for (const [severity, count] of [["trace", 5], ["info", 3], ["error", 1]] as const) {
    const lines = await logTo({ severity, format: "json" }, (log) => {
      for (const level of levels) log[level]("x");
    });
    assert.equal(lines.length, 2 * count, severity);
  }
});

Deno.test("openLog() does not take braces in a message for a placeholder", async () => {
  const [line] = await logTo({}, (log) => log.info("a {b} c", { b: 1 }));
  assert.match(line ?? "", /a \{b\} c b:1$/);
});

Deno.test("openLog() says which log file it cannot open", () => {
  const output = { kind: "file", path: "/nonexistent/plugin.log" } as const;
  assert.throws(() => openLog({ ...DEFAULT_LOG, output }), {
    message: "failed to init the log file shared writer: " +
      "open /nonexistent/plugin.log: no such file or directory",
  });
});
