import assert from "node:assert/strict";
import type { LogConfig } from "../config.ts";
import { accept, file, refuse } from "../testing/parse.ts";

async function logOf(body: string): Promise<LogConfig> {
  const { config, warnings } = await accept(file({ log: body }));
  assert.deepEqual(warnings, []);
  return config.log;
}

Deno.test("[log] has the original's defaults, also for empty texts", async () => {
  const wanted = { output: { kind: "stderr" }, severity: "info", format: "text" };
  assert.deepEqual(await logOf(""), wanted);
  assert.deepEqual(await logOf('output = ""\nseverity = ""\nformat = ""'), wanted);
});

Deno.test("[log] accepts every spelling of a severity", async () => {
  const cases: [string, LogConfig["severity"]][] = [
    ["err", "error"],
    ["ERROR", "error"],
    ["warn", "warning"],
    ["Warning", "warning"],
    ["INFO", "info"],
    ["debug", "debug"],
    ["trace", "trace"],
  ];
  for (const [value, severity] of cases) {
    assert.equal((await logOf(`severity = "${value}"`)).severity, severity);
  }
});

Deno.test("[log] accepts every name of an output, else a path", async () => {
  const cases: [string, LogConfig["output"]][] = [
    ["stderr", { kind: "stderr" }],
    ["error", { kind: "stderr" }],
    ["2", { kind: "stderr" }],
    ["stdout", { kind: "stdout" }],
    ["out", { kind: "stdout" }],
    ["1", { kind: "stdout" }],
    ["syslog", { kind: "syslog" }],
    ["/var/log/teleport-email.log", { kind: "file", path: "/var/log/teleport-email.log" }],
    ["STDERR", { kind: "file", path: "STDERR" }],
  ];
  for (const [value, output] of cases) {
    assert.deepEqual((await logOf(`output = "${value}"`)).output, output);
  }
});

Deno.test("[log] accepts a format in any case", async () => {
  assert.equal((await logOf('format = "JSON"')).format, "json");
});

Deno.test("[log] refuses other names with the original's text", async () => {
  assert.deepEqual(await refuse(file({ log: 'severity = "Loud"\nformat = "xml"\noutput = 1' })), [
    "Invalid log.output: must be a string, current value is an integer",
    'Invalid log.severity: unsupported logger severity: "Loud", must be one of error, warn, info, ' +
    "debug, trace",
    'Invalid log.format: unsupported log output format : "xml", must be one of text, json',
  ]);
});
