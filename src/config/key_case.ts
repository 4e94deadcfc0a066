/** A table with its keys in the documented spelling. */
export interface FoldedTable {
  readonly values: ReadonlyMap<string, unknown>;
  readonly unknown: readonly string[];
  /** Keys given in two spellings, of which the first one counts. */
  readonly doubles: readonly { readonly used: string; readonly ignored: string }[];
}

// Their fields carry no name of their own in the original, so the field's Go name matches, too,
// and comes first (original.md §2).
const CAPITALISED: ReadonlySet<string> = new Set([
  "host",
  "port",
  "username",
  "password",
  "domain",
  "sender",
  "recipients",
]);

/** Finds the known keys in any of the spellings that the original's parser takes. */
export function foldKeys(
  table: Readonly<Record<string, unknown>>,
  known: readonly string[],
): FoldedTable {
  const values = new Map<string, unknown>();
  const doubles: { used: string; ignored: string }[] = [];
  const unknown = new Set(Object.keys(table));
  for (const key of known) {
    let used: string | undefined;
    for (const spelling of spellings(key)) {
      if (!Object.hasOwn(table, spelling)) continue;
      unknown.delete(spelling);
      if (used === undefined) {
        used = spelling;
        values.set(key, table[spelling]);
      } else {
        doubles.push({ used, ignored: spelling });
      }
    }
  }
  return { values, unknown: [...unknown], doubles };
}

function spellings(key: string): string[] {
  const capitalised = key.slice(0, 1).toUpperCase() + key.slice(1);
  return CAPITALISED.has(key) ? [capitalised, key, key.toUpperCase()] : [key, key.toUpperCase()];
}
