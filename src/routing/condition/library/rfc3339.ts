/** RFC 3339 as Go reads it, which is looser in some places and stricter in others. */

import { Time } from "../values.ts";
import { evaluateError } from "./signature.ts";

const LAYOUT = "2006-01-02T15:04:05Z07:00";
const NS_PER_SECOND = 1_000_000_000n;

/** What could not be parsed as which part of the layout, or how else the text is wrong. */
type Fault = { readonly rest: string; readonly part: string } | { readonly message: string };

/**
 * Parses a byte string.
 * @throws {ConditionError} `time`, in the words of Go's `time.Parse`.
 */
export function parseRfc3339(text: string): Time {
  const parsed = parse(text);
  if (parsed instanceof Time) return parsed;
  const reason = "message" in parsed
    ? `parsing time ${quote(text)}${parsed.message}`
    : `parsing time ${quote(text)} as "${LAYOUT}": cannot parse ${quote(parsed.rest)} ` +
      `as "${parsed.part}"`;
  throw evaluateError("time", reason);
}

/** One part of a time: digits, a letter or a mark. */
interface Step {
  readonly part: string;
  readonly pattern: RegExp;
  readonly range?: readonly [name: string, min: number, max: number];
}

/** Hours may have one digit; the fraction is no part of the layout and is taken with the seconds. */
const STEPS: readonly Step[] = [
  { part: "2006", pattern: /^\d{4}/ },
  { part: "-", pattern: /^-/ },
  { part: "01", pattern: /^\d\d/, range: ["month", 1, 12] },
  { part: "-", pattern: /^-/ },
  { part: "02", pattern: /^\d\d/ },
  { part: "T", pattern: /^T/ },
  { part: "15", pattern: /^\d\d?/, range: ["hour", 0, 23] },
  { part: ":", pattern: /^:/ },
  { part: "04", pattern: /^\d\d/, range: ["minute", 0, 59] },
  { part: ":", pattern: /^:/ },
  { part: "05", pattern: /^\d\d/, range: ["second", 0, 59] },
];

function parse(text: string): Time | Fault {
  const numbers: number[] = [];
  let rest = text;
  for (const { part, pattern, range } of STEPS) {
    const found = pattern.exec(rest)?.[0];
    if (found === undefined) return { rest, part };
    rest = rest.slice(found.length);
    if (/^\D/.test(found)) continue;
    const number = Number(found);
    if (range !== undefined && (number < range[1] || number > range[2])) {
      return { message: `: ${range[0]} out of range` };
    }
    numbers.push(number);
  }
  const fraction = /^[.,](\d+)/.exec(rest);
  rest = rest.slice(fraction?.[0].length ?? 0);
  const zone = /^(?:Z|([^])(\d\d):(\d\d))/.exec(rest);
  if (zone === null) return { rest, part: "Z07:00" };
  const [hours, minutes] = [Number(zone[2] ?? 0), Number(zone[3] ?? 0)];
  if (minutes > 60) return { message: ": time zone offset minute out of range" };
  if (hours > 24) return { message: ": time zone offset hour out of range" };
  if (zone[1] !== undefined && zone[1] !== "+" && zone[1] !== "-") return { rest, part: "Z07:00" };
  rest = rest.slice(zone[0].length);
  if (rest !== "") return { message: `: extra text: ${quote(rest)}` };

  const [year, month, day, hour, minute, second] = numbers as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const midnight = dateOf(year, month, day);
  if (midnight === undefined) return { message: ": day out of range" };
  const offsetMinutes = (hours * 60 + minutes) * (zone[1] === "-" ? -1 : 1);
  const seconds = midnight / 1000 + (hour * 60 + minute - offsetMinutes) * 60 + second;
  const nanoseconds = BigInt((fraction?.[1] ?? "").slice(0, 9).padEnd(9, "0"));
  return new Time(BigInt(seconds) * NS_PER_SECOND + nanoseconds);
}

/** Midnight in UTC in milliseconds; undefined when the month has no such day. */
function dateOf(year: number, month: number, day: number): number | undefined {
  // The constructor takes years below 100 for those of the last century.
  const date = new Date(Date.UTC(2000, month - 1, 1));
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : undefined;
}

/** As Go's `time` package quotes: bytes beyond ASCII and control characters in hexadecimal. */
export function quote(bytes: string): string {
  const escaped = bytes.replace(
    /["\\]|[^ -\x7f]/g,
    (character) =>
      character === '"' || character === "\\"
        ? `\\${character}`
        : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `"${escaped}"`;
}
