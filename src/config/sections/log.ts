import * as v from "valibot";
import type { LogConfig, Severity } from "../config.ts";
import { text } from "../values/fields.ts";
import { expandPath } from "../values/paths.ts";
import type { Context } from "../report.ts";
import { readSection } from "../section.ts";

const SEVERITIES: ReadonlyMap<string, Severity> = new Map([
  ["trace", "trace"],
  ["debug", "debug"],
  ["info", "info"],
  ["warn", "warning"],
  ["warning", "warning"],
  ["err", "error"],
  ["error", "error"],
]);

const OUTPUTS: ReadonlyMap<string, LogConfig["output"]["kind"] & ("stderr" | "stdout" | "syslog")> =
  new Map([
    ["stderr", "stderr"],
    ["error", "stderr"],
    ["2", "stderr"],
    ["stdout", "stdout"],
    ["out", "stdout"],
    ["1", "stdout"],
    ["syslog", "syslog"],
  ]);

const schema = v.partial(v.object({ output: text, severity: text, format: text }));

/** Reads `[log]`; `undefined` when something is wrong and reported. */
export function readLog(table: unknown, context: Context): LogConfig | undefined {
  const { report } = context;
  const errorsBefore = report.errors.length;
  const { values } = readSection("log", table, schema, report);
  const severity = SEVERITIES.get((values.severity ?? "info").toLowerCase());
  if (severity === undefined) {
    report.error(
      `Invalid log.severity: unsupported logger severity: ${JSON.stringify(values.severity)}, ` +
        "must be one of error, warn, info, debug, trace",
    );
  }
  const format = (values.format ?? "text").toLowerCase();
  if (format !== "text" && format !== "json") {
    // The space before the colon is the original's.
    report.error(
      `Invalid log.format: unsupported log output format : ${JSON.stringify(values.format)}, ` +
        "must be one of text, json",
    );
  }
  const output = readOutput(values.output ?? "stderr", context);
  if (severity === undefined || output === undefined) return undefined;
  if (report.errors.length > errorsBefore) return undefined;
  return { output, severity, format: format === "json" ? "json" : "text" };
}

/** Any other word is the path of a file; names are case-sensitive, as in the original. */
function readOutput(value: string, context: Context): LogConfig["output"] | undefined {
  const kind = OUTPUTS.get(value);
  if (kind !== undefined) return { kind };
  const result = expandPath(value, context);
  if (result.ok) return { kind: "file", path: result.path };
  context.report.error(`Invalid log.output: ${result.error}`);
  return undefined;
}
