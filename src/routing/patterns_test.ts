import assert from "node:assert/strict";
import { isPattern, Pattern } from "./condition/pattern.ts";
import { RoleMap } from "./patterns.ts";

function keyOf(entries: Record<string, string[]>, role: string): string | undefined {
  return new RoleMap(new Map(Object.entries(entries))).find(role)?.key;
}

Deno.test("A role's own name comes first, then patterns in the order of the file, then *", () => {
  const map = {
    "*": ["all@x.org"],
    "^db-(ro|rw)$": ["dba@x.org"],
    "db-*": ["db@x.org"],
    "*-prod": ["prod@x.org"],
    "db-prod": ["both@x.org"],
  };
  const cases: readonly (readonly [role: string, key: string])[] = [
    ["db-prod", "db-prod"],
    ["db-ro", "^db-(ro|rw)$"],
    ["db-rox", "db-*"],
    ["web-prod", "*-prod"],
    ["web", "*"],
    ["*", "*"],
    ["db-", "db-*"],
    ["DB-ro", "*"],
  ];
  for (const [role, key] of cases) assert.equal(keyOf(map, role), key, role);
});

Deno.test("A file without patterns means what it meant to the original", () => {
  const map = {
    dev: ["d@x.org"],
    empty: [],
    "a.b": ["ab@x.org"],
    "^x": ["x@x.org"],
    "*": ["all@x.org"],
  };
  const cases: readonly (readonly [role: string, key: string])[] = [
    ["dev", "dev"],
    ["devel", "*"],
    ["empty", "*"],
    ["a.b", "a.b"],
    ["axb", "*"],
    ["x", "*"],
    ["^x", "^x"],
    ["constructor", "*"],
  ];
  for (const [role, key] of cases) assert.equal(keyOf(map, role), key, role);
  assert.equal(keyOf({ dev: ["d@x.org"], "*": [] }, "dba"), undefined);
});

Deno.test("A pattern without recipients counts as none, and so does a name", () => {
  assert.equal(keyOf({ "db-*": [], "*": ["all@x.org"] }, "db-ro"), "*");
  assert.equal(keyOf({ "db-ro": [], "db-*": ["db@x.org"], "*": ["all@x.org"] }, "db-ro"), "db-*");
});

Deno.test("A key is a pattern when it holds a star or is a whole regular expression", () => {
  assert.deepEqual(
    ["dev", "db-*", "**", "^db$", "^db", "db$", "^db*"].map(isPattern),
    [false, true, true, true, false, false, true],
  );
  assert.throws(() => Pattern.parse("^db-(ro$"), /missing closing \): `\^db-\(ro\$`/);
  assert.equal(Pattern.parse("db-(*").matches("db-(ro"), true);
  // Too many steps fit nothing.
  assert.equal(Pattern.parse("^(x?){1000}$").matches("x".repeat(100_000)), false);
});
