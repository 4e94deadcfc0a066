/** Log destinations, built on @logtape/logtape; every part of the program gets a {@linkcode Log}. */

import { configureSync, getLogger, type LogRecord, resetSync, type Sink } from "@logtape/logtape";
import { fileError } from "../text.ts";
import type { Log } from "../log.ts";
import { leadsToJournal } from "./journal.ts";
import { LineWriter } from "./line_writer.ts";
import { formatJson, formatText } from "./log_format.ts";

/** Fits `[log]` of the configuration. */
export interface LogOptions {
  readonly output:
    | { readonly kind: "stderr" | "stdout" | "syslog" }
    | { readonly kind: "file"; readonly path: string };
  readonly severity: "trace" | "debug" | "info" | "warning" | "error";
  readonly format: "text" | "json";
}

export interface OpenedLog extends Disposable {
  readonly log: Log;
  /**
   * Switches to other options, or reopens the same file after it was moved away (log rotation).
   *
   * @throws {Error} as `openLog()`; the log then stays unchanged
   */
  reopen(options: LogOptions): void;
}

export const DEFAULT_LOG: LogOptions = {
  output: { kind: "stderr" },
  severity: "info",
  format: "text",
};

const CATEGORY = "teleport-email";

/** Directories and files that `deno.json` grants; the file is the one in the original's sample. */
export const LOG_PATHS = ["/var/log", "/var/lib/teleport/email.log"] as const;

/**
 * Opens the process's log; a later call replaces it.
 *
 * @throws {Error} when a log file cannot be opened, in the original's words
 */
export function openLog(options: LogOptions): OpenedLog {
  let target = configure(options);
  return {
    log: getLogger([CATEGORY]),
    reopen: (next) => {
      const old = target;
      target = configure(next);
      old.close();
    },
    [Symbol.dispose]: () => {
      resetSync();
      target.close();
    },
  };
}

function configure({ output, format, severity }: LogOptions): Target {
  const target = openTarget(output);
  const look = { colour: target.isTerminal && !Deno.noColor, timeless: target.isJournal };
  const text = (record: LogRecord) =>
    format === "json" ? formatJson(record) : formatText(record, look);
  const sink: Sink = (record) => {
    target.lines.write(target.prefix(record.level) + text(record));
    if (!QUIET_LEVELS.has(record.level)) target.lines.flush();
  };
  configureSync({
    reset: true,
    sinks: { target: sink },
    loggers: [
      { category: [CATEGORY], sinks: ["target"], lowestLevel: severity },
      { category: ["logtape", "meta"], sinks: [], lowestLevel: "fatal" },
    ],
  });
  if (output.kind === "syslog" && !target.isJournal) {
    getLogger([CATEGORY]).warn(
      "Deno cannot reach the syslog socket: logging to stderr, with syslog's priority in front",
    );
  }
  return target;
}

/** Lines of these levels may wait for the end of a turn; warnings and errors may explain a crash. */
const QUIET_LEVELS: ReadonlySet<LogRecord["level"]> = new Set(["trace", "debug", "info"]);

interface Target {
  readonly isTerminal: boolean;
  readonly isJournal: boolean;
  /** The prefix of each line. */
  prefix(level: LogRecord["level"]): string;
  readonly lines: LineWriter;
  close(): void;
}

function openTarget(output: LogOptions["output"]): Target {
  if (output.kind === "file") {
    const file = openFile(output.path);
    const lines = new LineWriter(file);
    return {
      isTerminal: false,
      isJournal: false,
      prefix: () => "",
      lines,
      close: () => {
        lines.close();
        file.close();
      },
    };
  }
  const [stream, fd] = output.kind === "stdout" ? [Deno.stdout, 1] : [Deno.stderr, 2];
  const lines = new LineWriter(stream);
  const isJournal = leadsToJournal(fd, Deno.env.get("JOURNAL_STREAM"));
  const toSyslog = output.kind === "syslog" || isJournal;
  return {
    isTerminal: stream.isTerminal() && !toSyslog,
    isJournal,
    // sd-daemon(3) priority prefixes, which loggers at the other end of a pipe understand.
    prefix: (level) => toSyslog ? `<${SYSLOG_PRIORITY[level]}>` : "",
    lines,
    close: () => lines.close(),
  };
}

const SYSLOG_PRIORITY: Readonly<Record<LogRecord["level"], number>> = {
  trace: 7,
  debug: 7,
  info: 6,
  warning: 4,
  error: 3,
  fatal: 2,
};

/**
 * Refuses named pipes: opening one would block the whole program until it has a reader.
 *
 * @throws {Error} when `path` is one
 */
export function refusePipe(path: string): void {
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
  } catch {
    return; // Opening the file tells why.
  }
  if (info.isFifo) {
    throw new Error("it is a named pipe: log to a file, or to stderr through a pipe");
  }
}

function openFile(path: string): Deno.FsFile {
  try {
    refusePipe(path);
    return Deno.openSync(path, { append: true, create: true, mode: 0o640 });
  } catch (error) {
    const cause = error instanceof Deno.errors.NotCapable
      ? `open ${path}: this program is only allowed to write to ${LOG_PATHS.join(" and ")}`
      : fileError("open", path, error);
    throw new Error(`failed to init the log file shared writer: ${cause}`, { cause: error });
  }
}
