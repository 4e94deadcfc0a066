import { nearest } from "./nearest.ts";
import type { Report } from "./report.ts";

/** Warns of keys that nothing reads; the original ignores them silently (original.md D29). */
export function warnOfUnknownKeys(
  tables: { readonly known: readonly string[]; readonly unknown: ReadonlyMap<string, boolean> },
  report: Report,
): void {
  for (const [name, isTable] of tables.unknown) {
    const guess = nearest(name, tables.known);
    if (isTable) warn("table", name, guess, report);
    else warn("key", name, guess ?? elsewhere(name, report), report);
  }
  for (const { section, key } of report.unknownKeys) {
    const guess = nearest(key, report.knownKeys.get(section) ?? []);
    const full = guess === undefined ? elsewhere(key, report) : `${section}.${guess}`;
    warn("key", `${section}.${key}`, full, report);
  }
}

/** A key put under the wrong header. */
function elsewhere(key: string, report: Report): string | undefined {
  for (const [section, known] of report.knownKeys) {
    if (known.includes(key.toLowerCase())) return `${section}.${key.toLowerCase()}`;
  }
  return undefined;
}

function warn(kind: string, name: string, guess: string | undefined, report: Report): void {
  const hint = guess === undefined ? "" : `: did you mean '${guess}'?`;
  report.warn(`Unknown ${kind} '${name}'${hint}`);
}
