/** Every page, section and heading that a source cites is in the repository. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { deadCitations, type Page } from "./docs/citations.ts";
import { filesIn, ROOT } from "./docs/files.ts";

const SOURCES = ["bench", "packaging", "sim", "src", "tests", ".ci", ".github"];
const LOOSE = ["main.ts", "Dockerfile", "Makefile", "install.sh", "teleport-email.service"];
/** Names a page that it writes itself. */
const MADE_UP = /^\.github\/workflows\/release\.yml$/;
const TEXT = /(^|\/)[^.]+$|\.(ts|ya?ml|tpl|sh|txt|service|conf|proto)$/;

const read = (path: string) => readFile(join(ROOT, path), "utf8");

async function allPages(): Promise<readonly Page[]> {
  const paths = [
    ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"],
    ...await filesIn("docs"),
    ...await filesIn("packaging"),
    ...await filesIn("bench"),
  ].filter((path) => path.endsWith(".md"));
  return await Promise.all(paths.map(async (path) => ({ path, text: await read(path) })));
}

Deno.test("Every citation in the sources names a page, and a section or heading of it", async () => {
  const pages = await allPages();
  const sources = [...(await Promise.all(SOURCES.map(filesIn))).flat(), ...LOOSE]
    .filter((path) => TEXT.test(path) && !MADE_UP.test(path));
  const dead = await Promise.all(sources.map(async (path) => {
    const faults = deadCitations(await read(path), pages);
    return faults.map((fault) => `${path}: ${fault}`);
  }));
  assert.deepEqual(dead.flat(), []);
  assert.ok(sources.length > 300, `${sources.length} sources found`);
});

/** Names that no scan for citations takes for some. */
const [FIRST, SAME, GONE] = ["first", "same", "gone"].map((name) => `${name}.md`);

const PAGES: readonly Page[] = [
  {
    path: `docs/a/${FIRST}`,
    text: "# First\n\n## 1. One\n\n### 1.2 `Two`\n\n| D13 | a defect |\n",
  },
  { path: `docs/b/${SAME}`, text: "## Calm and quiet\n" },
  { path: `docs/c/${SAME}`, text: "" },
];

Deno.test("deadCitations() accepts existing pages, sections, defects and headings", () => {
  const source = [
    `/** Reads it (${FIRST} §1.2, §1), and (docs/a/${FIRST} D13). */`,
    `// Two lines (b/${SAME}, "Calm`,
    `// and quiet"), RFC 5321 §9.9, docs/b/${SAME}, https://x.org/${GONE}.`,
  ].join("\n");
  assert.deepEqual(deadCitations(source, PAGES), []);
});

Deno.test("deadCitations() finds planted dead citations", () => {
  const cases: [string, string][] = [
    [`see ${GONE} §1`, `no page '${GONE}'`],
    [`see ${GONE}`, `no page '${GONE}'`],
    [`see docs/${FIRST}`, `no page 'docs/${FIRST}'`],
    [`see ${FIRST} §1.3`, `no '§1.3' in '${FIRST}'`],
    [`/**\n * see ${FIRST} §1.2,\n * §2\n */`, `no '§2' in '${FIRST}'`],
    [`see ${FIRST} D1`, `no 'D1' in '${FIRST}'`],
    [`see b/${SAME}, "Calm"`, `no heading 'Calm' in 'b/${SAME}'`],
    [`see ${SAME}`, `several pages '${SAME}'`],
  ];
  for (const [source, fault] of cases) assert.deepEqual(deadCitations(source, PAGES), [fault]);
});
