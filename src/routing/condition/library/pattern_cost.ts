/** What a regular expression costs to compile: RE2 writes a repeated part out as often as it may occur. */

/** A class of characters by Unicode property has some hundred ranges. */
const PROPERTY_COST = 50;

/** RE2 refuses a part that would be repeated more often, directly or by the groups around it. */
const MAX_REPEATS = 1000;

/** In this order: property, other escape, class, repeat, any character. */
const PIECE =
  /(?<property>\\[pP](?:\{[^}]*\}|[^]))|\\x\{[^}]*\}|\\[^]|(?<class>\[\^?\]?(?:\\[^]|\[:\^?\w+:\]|[^\]\\])*\])|\{(?<min>\d+)(?:,(?<max>\d*))?\}|[^]/gy;

/** A part of a pattern: its instructions, and how often what is in it is repeated at most. */
interface Part {
  readonly size: number;
  readonly repeats: number;
}

const EMPTY: Part = { size: 0, repeats: 1 };

function join(a: Part, b: Part): Part {
  return { size: a.size + b.size, repeats: Math.max(a.repeats, b.repeats) };
}

/** About how many instructions the repeats and properties of a pattern add to one for each character. */
export function expansionOf(pattern: string): number {
  const outer: Part[] = [];
  /** What was read of the current group before its last part, which a repeat would repeat. */
  let group = EMPTY;
  let last = EMPTY;
  let expansion = 0;
  for (const { 0: piece, groups = {} } of pattern.matchAll(PIECE)) {
    if (groups.min !== undefined) {
      const count = Math.max(1, Number(groups.min), Number(groups.max ?? 0));
      const repeats = last.repeats * count;
      if (repeats > MAX_REPEATS) continue;
      expansion += last.size * (count - 1);
      last = { size: last.size * count, repeats };
    } else if (piece === "(") {
      outer.push(join(group, last));
      [group, last] = [EMPTY, EMPTY];
    } else if (piece === ")") {
      last = join(group, last);
      group = outer.pop() ?? EMPTY;
    } else {
      const properties = groups.property !== undefined
        ? 1
        : (groups.class?.match(/\\[pP]/g) ?? []).length;
      group = join(group, last);
      last = { size: 1 + properties * PROPERTY_COST, repeats: 1 };
      expansion += last.size - 1;
    }
  }
  return expansion;
}
