/** Every page, section and heading that a source cites is in the repository. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { deadCitations, type Page } from "./docs/citations.ts";
import { filesIn, ROOT } from "./docs/files.ts";

const SOURCES = ["bench", "packaging", "sim", "src", "tests", ".ci", ".github"];
const LOOSE = ["main.ts", "Dockerfile", "Makefile", "install.sh", "teleport-email.service"];
/** Their texts name pages that a test makes up, or that a workflow writes. */
const MADE_UP = /^tests\/(citations_test|docs\/)|^\.github\/workflows\/release\.yml$/;
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

const PAGES: readonly Page[] = [
  {
    path: "docs/a/first.md",
    text: "# First\n\n## 1. One\n\n### 1.2 `Two`\n\n| D13 | a defect |\n",
  },
  { path: "docs/b/same.md", text: "## Calm and quiet\n" },
  { path: "docs/c/same.md", text: "" },
];

Deno.test("deadCitations() accepts existing pages, sections, defects and headings", () => {
  const source = [
    "/** Reads it (first.md §1.2, §1), and (docs/a/first.md D13). */",
    '// Two lines (b/same.md, "Calm',
    '// and quiet"), RFC 5321 §9.9, and page docs/b/same.md.',
  ].join("\n");
  assert.deepEqual(deadCitations(source, PAGES), []);
});

Deno.test("deadCitations() finds planted dead citations", () => {
  const cases: [string, string][] = [
    ["see gone.md §1", "no page 'gone.md'"],
    ["see gone.md", "no page 'gone.md'"],
    ["see docs/first.md", "no page 'docs/first.md'"],
    ["see first.md §1.3", "no '§1.3' in 'first.md'"],
    ["/**\n * see first.md §1.2,\n * §2\n */", "no '§2' in 'first.md'"],
    ["see first.md D1", "no 'D1' in 'first.md'"],
    ['see b/same.md, "Calm"', "no heading 'Calm' in 'b/same.md'"],
    ["see same.md", "several pages 'same.md'"],
  ];
  for (const [source, fault] of cases) assert.deepEqual(deadCitations(source, PAGES), [fault]);
});
