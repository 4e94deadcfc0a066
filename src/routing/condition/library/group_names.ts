/** Names of groups: in Go several groups may have the same name, which the library refuses. */

/** In this order: quoted text, escape, class, opening of a named group, any character. */
const PIECE =
  /\\Q(?:[^]*?\\E|[^]*)|\\[^]|\[\^?\]?(?:\\[^]|\[:\^?\w+:\]|[^\]\\])*\]|\(\?P?<(?<name>\w+)>|[^]/g;

/** A pattern in which every name is that of one group. */
export interface UniqueNames {
  readonly pattern: string;
  /** The names of the groups that had the same one, in the order of the pattern. */
  readonly namesOf: (name: string) => readonly string[];
  /** Undoes the renaming in an error text. */
  readonly restore: (text: string) => string;
}

/** Renames every further group of the same name. */
export function uniqueNames(pattern: string): UniqueNames {
  const names = new Map<string, string[]>();
  let marker = "_again";
  while (pattern.includes(marker)) marker += "_";
  const renamed = pattern.split("<").length < 3 ? pattern : pattern.replace(PIECE, (...match) => {
    const [piece, name] = match as [string, string | undefined];
    if (name === undefined) return piece;
    const known = names.get(name) ?? [];
    const own = known.length === 0 ? name : `${name}${marker}${known.length}`;
    names.set(name, [...known, own]);
    return piece.replace(`<${name}>`, `<${own}>`);
  });
  return {
    pattern: renamed,
    namesOf: (name) => names.get(name) ?? [name],
    restore: (text) => text.replace(new RegExp(`${marker}\\d+`, "g"), ""),
  };
}
