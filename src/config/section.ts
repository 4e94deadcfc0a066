import * as v from "valibot";
import { describeType } from "./values/fields.ts";
import { foldKeys } from "./key_case.ts";
import type { Report } from "./report.ts";

/** A schema of one table whose keys are all optional: what is required depends on other keys. */
type SectionSchema =
  & v.GenericSchema<unknown, object>
  & { readonly entries: Readonly<Record<string, unknown>> };

/** A table after each key has been checked separately. */
export interface Section<Values> {
  readonly values: Partial<Values>;
  /** Whether a key was reported as wrong: a missing value is not a second error then. */
  isWrong(key: keyof Values): boolean;
}

/** Checks every key of a table separately and reports those that are wrong. */
export function readSection<Schema extends SectionSchema>(
  name: string,
  table: unknown,
  schema: Schema,
  report: Report,
): Section<v.InferOutput<Schema>> {
  const known = Object.keys(schema.entries);
  if (!isTable(table)) {
    report.error(`Invalid ${name}: must be a table, current value is ${describeType(table)}`);
    report.keys(name, known, []);
    return { values: {}, isWrong: () => true };
  }
  const folded = foldKeys(table, known);
  report.keys(name, known, folded.unknown);
  for (const { used, ignored } of folded.doubles) {
    report.warn(doubleKey(`${name}.${used}`, `${name}.${ignored}`));
  }
  const result = v.safeParse(schema, Object.fromEntries(folded.values));
  const wrong = new Set<unknown>();
  for (const issue of result.issues ?? []) {
    const key = issue.path?.[0]?.key;
    // One line for each key: a list may have many wrong members.
    if (!wrong.has(key)) report.error(`Invalid ${name}.${String(key)}: ${issue.message}`);
    wrong.add(key);
  }
  const right = Object.entries(result.output as object).filter(([key]) => !wrong.has(key));
  return {
    values: Object.fromEntries(right) as Partial<v.InferOutput<Schema>>,
    isWrong: (key) => wrong.has(key),
  };
}

/** The original takes the first spelling without a word; so do we, with a word. */
export function doubleKey(used: string, ignored: string): string {
  return `The following key was defined twice: ${used} and ${ignored}; the former is used`;
}

/** Whether a TOML value is a table. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date);
}
