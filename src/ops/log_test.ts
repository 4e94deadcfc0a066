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

Deno.test("openLog() omits records below its severity", async () => {
  const levels = ["trace", "debug", "info", "warn", "error"] as const;
  for (const [severity, count] of [["trace", 5], ["info", 3], ["error", 1]] as const) {
    const lines = await logTo({ severity, format: "json" }, (log) => {
      for (const level of levels) log[level]("x");
    });
    assert.equal(lines.length, 2 * count, severity);
  }
});

Deno.test("openLog() does not treat braces in a message as a placeholder", async () => {
  const [line] = await logTo({}, (log) => log.info("a {b} c", { b: 1 }));
  assert.match(line ?? "", /a \{b\} c b:1$/);
});

Deno.test("openLog() names the log file that it cannot open", () => {
  const output = { kind: "file", path: "/nonexistent/plugin.log" } as const;
  assert.throws(() => openLog({ ...DEFAULT_LOG, output }), {
    message: "failed to init the log file shared writer: " +
      "open /nonexistent/plugin.log: no such file or directory",
  });
});

Deno.test("reopen() continues in a new file after the old one was moved away", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/plugin.log`;
    const options = { ...DEFAULT_LOG, output: { kind: "file", path } } as const;
    using opened = openLog(options);
    opened.log.info("before");
    await Deno.rename(path, `${path}.1`);
    opened.log.info("between");
    opened.reopen({ ...options, format: "json" });
    opened.log.info("after");
    assert.match(await Deno.readTextFile(`${path}.1`), /before\n.*between\n$/);
    assert.equal(JSON.parse(await Deno.readTextFile(path)).message, "after");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("reopen() keeps the log when the new file cannot be opened", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/plugin.log`;
    using opened = openLog({ ...DEFAULT_LOG, output: { kind: "file", path } });
    const output = { kind: "file", path: `${dir}/nowhere/plugin.log` } as const;
    assert.throws(() => opened.reopen({ ...DEFAULT_LOG, output }), /no such file or directory/);
    opened.log.info("still here");
    assert.match(await Deno.readTextFile(path), /still here\n$/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
