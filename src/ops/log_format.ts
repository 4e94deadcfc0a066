/** Formats log records, one line each, as text (original.md §8, with time stamps) or JSON. */

import type { LogRecord } from "@logtape/logtape";
import { escapeControls, exactTime } from "../text.ts";

/** The original's level names, cut or padded to four letters. */
const LEVELS: Readonly<Record<LogRecord["level"], string>> = {
  trace: "TRAC",
  debug: "DEBU",
  info: "INFO",
  warning: "WARN",
  error: "ERRO",
  fatal: "FATA",
};

const COLOURS: Readonly<Record<LogRecord["level"], number>> = {
  trace: 37,
  debug: 37,
  info: 36,
  warning: 33,
  error: 31,
  fatal: 31,
};

export interface TextFormat {
  readonly colour: boolean;
  /** Omits the time, for readers that add their own. */
  readonly timeless?: boolean;
}

/** `<time> INFO  message key:value key:"a value"` */
export function formatText(record: LogRecord, { colour, timeless = false }: TextFormat): string {
  const level = colour
    ? `\x1b[${COLOURS[record.level]}m${LEVELS[record.level]}\x1b[0m`
    : LEVELS[record.level];
  const { properties } = record;
  let fields = "";
  for (const key in properties) {
    const value = properties[key];
    if (value !== undefined) fields += ` ${key}:${quote(toText(value))}`;
  }
  const when = timeless ? "" : `${time(record)} `;
  return `${when}${level}  ${escapeControls(messageOf(record))}${fields}\n`;
}

/** `{"timestamp":…,"level":…,"message":…}` and the fields, which cannot replace those three. */
export function formatJson(record: LogRecord): string {
  const own = { timestamp: time(record), level: record.level, message: messageOf(record) };
  return escapeControls(JSON.stringify({ ...own, ...record.properties, ...own }, readable)) + "\n";
}

function time(record: LogRecord): string {
  return exactTime(record.timestamp);
}

/** The message as logged: this program puts values into fields, not into messages. */
function messageOf(record: LogRecord): string {
  return typeof record.rawMessage === "string" ? record.rawMessage : record.rawMessage.join("");
}

function toText(value: unknown): string {
  if (typeof value === "string") return value;
  const simple = readable("", value);
  if (typeof simple === "string") return simple;
  return JSON.stringify(simple, readable) ?? String(simple);
}

/** Formats errors as their message: a stack trace does not help an operator. */
function readable(_key: string, value: unknown): unknown {
  if (value instanceof Error) return value.message;
  if (value instanceof Date) return value.toISOString();
  return typeof value === "bigint" ? value.toString() : value;
}

/** Printable ASCII without spaces and quotes: nearly every value, and much cheaper to recognise. */
function isPlainWord(text: string): boolean {
  return /^[!#-~]+$/.test(text);
}

/** Quotes values that are not a single word; a record is always one line. */
function quote(text: string): string {
  return isPlainWord(text) || /^[^\s"\p{C}]+$/u.test(text)
    ? text
    : `"${escapeControls(text.replace(/["\\]/g, "\\$&"))}"`;
}
