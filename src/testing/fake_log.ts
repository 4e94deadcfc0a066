/** A log for tests that keeps its lines. */

import type { Log, LogFields } from "../log.ts";

export interface LogLine {
  readonly level: keyof Log;
  readonly message: string;
  readonly fields: LogFields;
}

/** A log that keeps its lines. */
export function fakeLog(): Log & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const level = (name: keyof Log) => (message: string, fields: LogFields = {}) => {
    lines.push({ level: name, message, fields });
  };
  return {
    lines,
    trace: level("trace"),
    debug: level("debug"),
    info: level("info"),
    warn: level("warn"),
    error: level("error"),
  };
}
