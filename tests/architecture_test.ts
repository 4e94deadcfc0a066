/** Which folder may import which, and that no files import each other in a circle. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  cycles,
  type Imports,
  importsOf,
  type Rules,
  type Sources,
  violations,
} from "./architecture/imports.ts";
import { filesIn, ROOT } from "./docs/files.ts";

/** The arrows of CONTRIBUTING.md: cli -> daemon -> requests -> routing and mail. */
const RULES: Rules = {
  product: {
    "src/*": [],
    "src/net": ["src/*"],
    // A file is checked whole: conditions, patterns and schedules are languages of their own.
    "src/config": ["src/*", "src/net", "src/routing/condition", "src/routing/schedule"],
    "src/ops": ["src/*", "src/net"],
    "src/mail": ["src/*", "src/net"],
    "src/teleport": ["src/*", "src/net"],
    "src/routing": ["src/*", "src/teleport"],
    "src/routing/condition": [],
    "src/routing/schedule": ["src/routing/condition"],
    "src/requests": ["src/*", "src/teleport", "src/routing", "src/mail"],
    "src/access_lists": ["src/*", "src/teleport", "src/mail", "src/requests"],
    "src/daemon": [
      ...["src/*", "src/net", "src/config", "src/ops"],
      ...["src/mail", "src/teleport", "src/routing", "src/requests", "src/access_lists"],
    ],
    "src/cli": ["src"],
    "src/testing": ["src/*"],
    "main.ts": ["src"],
    // The simulator must not share the program's misunderstandings.
    "sim": ["src/teleport/generated"],
    "packaging": ["src", "sim"],
    "bench": ["src", "sim", "tests"],
    "tests": ["src", "sim", "packaging"],
  },
  tests: ["sim"],
};

async function allSources(): Promise<Sources> {
  const folders = Object.keys(RULES.product).map((room) => room.replace("/*", "").split("/")[0]);
  const paths = await Promise.all([...new Set(folders)].map(async (folder = "") => {
    if (folder.endsWith(".ts")) return [folder];
    return (await filesIn(folder)).filter((path) => path.endsWith(".ts"));
  }));
  const texts = paths.flat().map(async (path) =>
    [path, await readFile(join(ROOT, path), "utf8")] as const
  );
  return new Map(await Promise.all(texts));
}

Deno.test("Every import follows the arrows between folders", async () => {
  const imports = importsOf(await allSources());
  assert.deepEqual(violations(imports, RULES), []);
  const count = [...imports.values()].flat().length;
  assert.ok(count > 1000, `${count} imports found`);
});

Deno.test("No files import each other in a circle, types included", async () => {
  assert.deepEqual(cycles(importsOf(await allSources())), []);
});

function imports(sources: Readonly<Record<string, string>>): Imports {
  return importsOf(new Map(Object.entries(sources)));
}

Deno.test("importsOf() sees values, types, exports and lazy imports, and no packages", () => {
  const found = imports({
    "src/a.ts": [
      'import { b } from "./mail/b.ts";',
      'import type { C } from "../sim/c.ts";',
      'export * from "./d.ts";',
      'const e = await import("./e.ts");',
      'import "./f.ts"; import fc from "fast-check"; import { gone } from "./gone.ts";',
    ].join("\n"),
    "src/mail/b.ts": "",
    "sim/c.ts": "",
    "src/d.ts": "",
    "src/e.ts": "",
    "src/f.ts": "",
  });
  assert.deepEqual(found.get("src/a.ts"), [
    "src/mail/b.ts",
    "sim/c.ts",
    "src/d.ts",
    "src/e.ts",
    "src/f.ts",
  ]);
});

Deno.test("violations() finds planted imports against the arrows, and accepts the others", () => {
  const planted = imports({
    "src/mail/smtp/up.ts": 'import type { X } from "../../requests/plan.ts";',
    "src/requests/plan.ts": 'import "../mail/mail.ts"; import "../config/config.ts";',
    "src/config/config.ts": 'import "../text.ts";',
    "src/text.ts": 'import "./mail/mail.ts";',
    "src/mail/mail.ts": 'import "../testing/clock.ts";',
    "src/testing/clock.ts": 'import "../text.ts";',
    "src/mail/mail_test.ts": 'import "../testing/clock.ts"; import "../../sim/mail.ts";',
    "src/net/dial.ts": 'import "../../sim/mail.ts";',
    "sim/mail.ts": 'import "../src/teleport/generated/a.ts"; import "../src/text.ts";',
    "src/teleport/generated/a.ts": "",
    "examples/one.ts": "",
  });
  assert.deepEqual(violations(planted, RULES), [
    "src/mail/smtp/up.ts imports src/requests/plan.ts, which 'src/mail' may not",
    "src/requests/plan.ts imports src/config/config.ts, which 'src/requests' may not",
    "src/text.ts imports src/mail/mail.ts, which 'src/*' may not",
    "src/mail/mail.ts imports src/testing/clock.ts of the tests",
    "src/net/dial.ts imports sim/mail.ts, which 'src/net' may not",
    "sim/mail.ts imports src/text.ts, which 'sim' may not",
    "examples/one.ts is in no room of the table",
  ]);
});

Deno.test("cycles() finds planted circles of two, of three and of one", () => {
  const planted = imports({
    "src/a.ts": 'import "./b.ts";',
    "src/b.ts": 'import type { A } from "./a.ts"; import "./c.ts";',
    "src/c.ts": 'import "./d.ts";',
    "src/d.ts": 'import "./e.ts";',
    "src/e.ts": 'import "./c.ts";',
    "src/f.ts": 'import "./f.ts"; import "./a.ts";',
    "src/g.ts": 'import "./a.ts";',
  });
  assert.deepEqual(cycles(planted), [
    ["src/c.ts", "src/d.ts", "src/e.ts"],
    ["src/a.ts", "src/b.ts"],
    ["src/f.ts"],
  ]);
});
