/** The reference pages name every key, command, template and variable, and none that does not exist. */

import assert from "node:assert/strict";
import { reportJson } from "../src/cli/check/report.ts";
import { EXAMPLE } from "../src/config/example.ts";
import { runCli } from "../src/cli/program.ts";
import { variablesTable } from "../src/mail/content/data_model.ts";
import { TEMPLATE_FILES } from "../src/mail/content/templates.ts";
import { StatusSchema } from "../src/ops/status.ts";
import { SAMPLE_KINDS } from "../src/cli/sample_kinds.ts";
import { NO_COMMANDS } from "./docs/no_commands.ts";
import { linksIn, rowsIn } from "./docs/markdown.ts";

const page = (name: string) => Deno.readTextFile(new URL(`../docs/${name}`, import.meta.url));

/** Code spans in a cell, without options and arguments. */
const names = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);

/** Keys that the sample does not show: the original's old spelling of others. */
const DEPRECATED = ["delivery.recipients"];

function sampleKeys(): readonly string[] {
  let section = "";
  return EXAMPLE.split("\n").flatMap((line) => {
    section = /^#?\[{1,2}(\w+|smtp\.oauth2)\]{1,2}$/.exec(line)?.[1] ?? section;
    const key = /^#?(\w+) = /.exec(line)?.[1];
    return key === undefined ? [] : [`${section}.${key}`];
  });
}

Deno.test("docs/configuration.md lists the keys that 'configure' prints", async () => {
  const sections = (await page("configuration.md")).split(
    /^### `\[{1,2}(\w+|smtp\.oauth2)\]{1,2}`$/m,
  ).slice(1);
  const listed: string[] = [];
  for (let i = 0; i < sections.length; i += 2) {
    const rows = rowsIn((sections[i + 1] ?? "").split(/^##/m)[0] ?? "");
    listed.push(...rows.flatMap(([key = ""]) => names(key)).map((key) => `${sections[i]}.${key}`));
  }
  assert.deepEqual(listed.sort(), [...sampleKeys(), ...DEPRECATED].sort());
});

Deno.test("docs/commands.md lists the commands of the program", async () => {
  let help = "";
  const io = { stdout: () => {}, stderr: (text: string) => void (help += text) };
  await runCli(["help"], io, NO_COMMANDS);
  const commands = [...help.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name = ""]) => name);
  assert.ok(commands.includes("start"));
  const [table = ""] = (await page("commands.md")).split(/^## /m);
  const listed = rowsIn(table).flatMap(([cell = ""]) => names(cell))
    .map((line) => line.split(" ")[0] ?? "");
  assert.deepEqual([...new Set(listed)].sort(), commands.sort());
});

Deno.test("docs/commands.md lists the keys of the JSON that check and status print", async () => {
  const [, checks = "", status = ""] = (await page("commands.md")).split(/^## (?:check|status)$/m);
  const finding = { check: "c", level: "ok", text: "t", remedy: "r", tookMs: 1 } as const;
  const report = JSON.parse(reportJson([{ ...finding, details: {}, attachment: "a" }]));
  const keys = [...Object.keys(report), ...Object.keys(report.findings[0])];
  assert.deepEqual(keys.filter((key) => !checks.includes(`\`${key}\``)), []);
  const missing = schemaKeys(StatusSchema).filter((key) => !status.includes(`\`${key}\``));
  assert.deepEqual(missing, []);
});

/** Keys of an object, of objects in it, and of objects in lists in it. */
function schemaKeys(schema: unknown): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  if ("wrapped" in schema) return schemaKeys(schema.wrapped);
  if ("item" in schema) return schemaKeys(schema.item);
  if (!("entries" in schema) || typeof schema.entries !== "object") return [];
  return Object.entries(schema.entries ?? {}).flatMap((
    [key, inner],
  ) => [key, ...schemaKeys(inner)]);
}

Deno.test("docs/templates.md lists the template files", async () => {
  const [files = ""] = (await page("templates.md")).split("## Variables");
  const rows = rowsIn(files).flatMap(([cell = ""]) => names(cell));
  assert.deepEqual([...rows].sort(), [...TEMPLATE_FILES].sort());
});

Deno.test("docs/templates.md has the data model that 'deno task docs' writes", async () => {
  const [, variables = ""] = (await page("templates.md")).split("## Variables");
  const [table = ""] = variables.split("## Example");
  assert.deepEqual(rowsIn(table), rowsIn(variablesTable()));
});

Deno.test("docs/emails.md has a picture of every kind of email", async () => {
  // `deno task docs` writes the page, `deno task pictures` the pictures.
  const pictures = [...linksIn(await page("emails.md"))].filter((link) => link.endsWith(".webp"));
  assert.deepEqual(pictures, SAMPLE_KINDS.map((kind) => `images/emails/${kind}.webp`));
});
