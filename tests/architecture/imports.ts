/** What imports what: edges out of sources, arrows that a table forbids, and cycles. */

import { posix } from "node:path";

/** Texts of source files by their path in the project, such as `src/mail/transport.ts`. */
export type Sources = ReadonlyMap<string, string>;

/** Files of the project that a file imports, types included. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/**
 * Rooms by path, and the paths that each may import besides its own files. A path is a folder with
 * all below it, or with `/*` at its end its own files alone.
 */
export interface Rules {
  readonly product: Readonly<Record<string, readonly string[]>>;
  /** What tests and their helpers (`*_test.ts`, `testing/`) of every room may import on top of it. */
  readonly tests: readonly string[];
}

const IMPORT = /\b(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g;

export function importsOf(sources: Sources): Imports {
  const resolve = (path: string, target: string) =>
    posix.normalize(posix.join(posix.dirname(path), target));
  return new Map([...sources].map(([path, text]) => [
    path,
    [...text.matchAll(IMPORT)].map(([, target = ""]) => resolve(path, target))
      .filter((target) => sources.has(target)),
  ]));
}

/** The imports that no rule allows, one text each. */
export function violations(imports: Imports, rules: Rules): readonly string[] {
  const rooms = Object.keys(rules.product).sort((a, b) => b.length - a.length);
  const found: string[] = [];
  for (const [path, targets] of imports) {
    const room = rooms.find((room) => isIn(path, room));
    if (room === undefined) {
      found.push(`${path} is in no room of the table`);
      continue;
    }
    const allowed = [room, ...rules.product[room] ?? [], ...isTest(path) ? rules.tests : []];
    for (const target of targets) {
      if (!isTest(path) && isTest(target)) found.push(`${path} imports ${target} of the tests`);
      else if (isTest(path) && isTestHelper(target)) continue;
      else if (!allowed.some((place) => isIn(target, place))) {
        found.push(`${path} imports ${target}, which '${room}' may not`);
      }
    }
  }
  return found;
}

function isIn(path: string, place: string): boolean {
  if (place.endsWith("/*")) return `${posix.dirname(path)}/*` === place;
  return path === place || path.startsWith(`${place}/`);
}

const isTestHelper = (path: string) => path.startsWith("src/") && path.includes("/testing/");
const isTest = (path: string) =>
  path.endsWith("_test.ts") || /^(tests|bench)\//.test(path) || isTestHelper(path);

/** Groups of files that import each other in a circle (Tarjan's strongly connected components). */
export function cycles(imports: Imports): readonly (readonly string[])[] {
  const order = new Map<string, number>();
  const open: string[] = [];
  const found: string[][] = [];
  function visit(path: string): number {
    const number = order.size;
    order.set(path, number);
    open.push(path);
    let low = number;
    for (const target of imports.get(path) ?? []) {
      if (!order.has(target)) low = Math.min(low, visit(target));
      else if (open.includes(target)) low = Math.min(low, order.get(target) ?? low);
    }
    if (low === number) {
      const group = open.splice(open.indexOf(path));
      if (group.length > 1 || imports.get(path)?.includes(path)) found.push(group.sort());
    }
    return low;
  }
  for (const path of imports.keys()) if (!order.has(path)) visit(path);
  return found;
}
