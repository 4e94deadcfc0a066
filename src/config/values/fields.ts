import * as v from "valibot";
import { formatGoDuration, parseGoDuration } from "./go_duration.ts";
import { expandPath } from "./paths.ts";
import type { Context } from "../report.ts";

/** Texts of the sample that its reader is to replace; as values they are refused. */
export const PLACEHOLDERS: ReadonlySet<string> = new Set([
  "<your Mailgun domain>",
  "<your Mailgun key>",
  "<your mail server>",
  "<user name>",
  "<password>",
  "<client secret>",
]);

/** Names the kind of a TOML value. Types, not values, go into messages: they may be secrets. */
export function describeType(value: unknown): string {
  if (typeof value === "string") return "a string";
  if (typeof value === "bigint") return "an integer";
  if (typeof value === "number") return "a float";
  if (typeof value === "boolean") return "a boolean";
  if (Array.isArray(value)) return "a list";
  return value instanceof Date ? "a date" : "a table";
}

function wrongType(wanted: string): (issue: v.BaseIssue<unknown>) => string {
  return (issue) => `must be ${wanted}, current value is ${describeType(issue.input)}`;
}

/** An empty text counts as absent, as in the original. */
export const text = v.pipe(
  v.string(wrongType("a string")),
  v.check(
    (value) => !PLACEHOLDERS.has(value),
    (issue) => `the placeholder "${issue.input}" is still to be replaced`,
  ),
  v.transform((value) => value === "" ? undefined : value),
);

/** `true` or `false`. */
export const flag = v.boolean(wrongType("true or false"));

/** A whole number between two limits, both included; `range` names them in the message. */
export function integer(min: number, max: number, range = `between ${min} and ${max}`) {
  return v.pipe(
    v.bigint(wrongType("an integer")),
    v.check(
      (value) => value >= min && value <= max,
      (issue) => `must be ${range}, current value is ${issue.input}`,
    ),
    v.transform(Number),
  );
}

/** A whole or broken number above zero. */
export const positiveNumber = v.pipe(
  v.union([v.bigint(), v.number()], wrongType("a number")),
  v.transform(Number),
  v.check(
    (value) => value > 0 && Number.isFinite(value),
    (issue) => `must be greater than 0, current value is ${issue.input}`,
  ),
);

/** One of a few names, written exactly so. */
export function choice<const Name extends string>(...names: readonly Name[]) {
  return v.pipe(
    text,
    v.check(
      (value): boolean => value === undefined || names.some((name) => name === value),
      (issue) => `must be one of ${names.join(", ")}, current value is "${issue.input}"`,
    ),
    v.transform((value) => names.find((name) => name === value)),
  );
}

/** A list of strings, each checked by `member`. */
export function listOf<Output>(member: v.GenericSchema<string, Output>) {
  const wrong = wrongType("a list of strings");
  return v.array(v.pipe(v.string(wrong), member), wrong);
}

/** A list of strings. */
export const textList = listOf(v.string());

/** The path of a file or directory. */
export function path(context: Context) {
  return v.pipe(
    text,
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      if (dataset.value === undefined) return undefined;
      const result = expandPath(dataset.value, context);
      if (result.ok) return result.path;
      addIssue({ message: result.error });
      return NEVER;
    }),
  );
}

/** A duration in nanoseconds: Go's syntax, or a bare integer of nanoseconds. */
export const duration = v.pipe(
  v.union([v.string(), v.bigint()], wrongType('a duration such as "1m30s"')),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    if (typeof dataset.value === "bigint") return dataset.value;
    const result = parseGoDuration(dataset.value);
    if (result.ok) return result.ns;
    addIssue({ message: result.error });
    return NEVER;
  }),
);

const NS_PER_S = 1_000_000_000n;

/** A span of at least a second, in milliseconds. */
export const intervalMs = v.pipe(
  duration,
  v.check(
    (ns) => ns >= NS_PER_S,
    (issue) => {
      const bare = issue.input > 0n && issue.input < NS_PER_S
        ? " (a bare number counts nanoseconds: write a unit)"
        : "";
      return `must be at least 1s, current value is ${formatGoDuration(issue.input)}${bare}`;
    },
  ),
  v.transform((ns) => Number(ns / 1_000_000n)),
);

const NS_PER_MINUTE = 60n * NS_PER_S;

/** A span of at least a minute, in milliseconds. */
export const minutesMs = v.pipe(
  duration,
  v.check(
    (ns) => ns >= NS_PER_MINUTE,
    (issue) => `must be at least 1m, current value is ${formatGoDuration(issue.input)}`,
  ),
  v.transform((ns) => Number(ns / 1_000_000n)),
);

/** At most `most` spans of at least a minute, in milliseconds: ascending, each once. */
export function minutesList(most: number) {
  return v.pipe(
    v.array(minutesMs, wrongType('a list of durations such as ["1h", "4h"]')),
    v.check(
      (list) => list.length <= most,
      (issue) => `must have at most ${most} durations, current value has ${issue.input.length}`,
    ),
    v.transform((list) => [...new Set(list)].sort((a, b) => a - b)),
  );
}

/** Keys that both transports share. */
export const limitEntries = {
  "max_connections": integer(1, 1000),
  "max_messages_per_second": positiveNumber,
};

/** How many connections a transport opens at most. */
export const DEFAULT_MAX_CONNECTIONS = 10;
