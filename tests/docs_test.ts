/** What the pages tell to type and where they point to: it has to exist. */

import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import config from "../deno.json" with { type: "json" };
import { runCli } from "../src/cli/program.ts";
import { PINNED } from "../src/cli/runtime.ts";
import { parseConfig } from "../src/config/load.ts";
import { PROGRAM } from "../src/version.ts";
import { filesIn, ROOT } from "./docs/files.ts";
import { NO_COMMANDS } from "./docs/no_commands.ts";
import { anchorsIn, blocksIn, commandsIn, linksIn } from "./docs/markdown.ts";

const LOOSE_PAGES = [
  ...["README.md", "CONTRIBUTING.md", "SECURITY.md", "bench/README.md"],
  "packaging/chart/teleport-plugin-email/README.md",
];
const PAGES = [...LOOSE_PAGES, ...(await filesIn("docs")).filter((path) => path.endsWith(".md"))]
  .map((path) => join(ROOT, path));

/** The help of a command, undefined if there is no such command. */
async function helpOf(command: string): Promise<string | undefined> {
  let text = "";
  const io = { stdout: () => {}, stderr: (more: string) => void (text += more) };
  return await runCli(["help", command], io, NO_COMMANDS) === 0 ? text : undefined;
}

/** What is wrong with the words of a command line; undefined if nothing is. */
async function fault([program, ...words]: readonly string[]): Promise<string | undefined> {
  if (program === "deno") {
    const [, task = ""] = words;
    // Without a name it lists the tasks.
    return task === "" || task in config.tasks ? undefined : `there is no task '${task}'`;
  }
  const [command, ...others] = words;
  // The program by its name, or a command that the reader is to choose.
  if (command === undefined || /^[A-Z<]/.test(command)) return undefined;
  const help = await helpOf(command);
  if (help === undefined) return `there is no command '${command}'`;
  const flags = others.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.split("=")[0]);
  const unknown = flags.find((flag) => !help.split(/[\s,]+/).includes(flag ?? ""));
  return unknown === undefined ? undefined : `'${command}' has no option '${unknown}'`;
}

Deno.test("Every command line in the pages names an existing command, option or task", async () => {
  const faults: string[] = [];
  let count = 0;
  for (const page of PAGES) {
    for (const words of commandsIn(await Deno.readTextFile(page), PROGRAM)) {
      count++;
      const wrong = await fault(words);
      if (wrong !== undefined) faults.push(`${relative(ROOT, page)}: ${words.join(" ")}: ${wrong}`);
    }
  }
  assert.deepEqual(faults, []);
  assert.ok(count > 10, `${count} command lines found`);
});

Deno.test("Every page and every script of CI names the pinned Deno", async () => {
  const scripts = [".ci/run", ".github/workflows/ci.yml", ".github/workflows/release.yml"];
  for (const page of [...PAGES, ...scripts.map((name) => join(ROOT, name))]) {
    for (const [whole, version] of (await Deno.readTextFile(page)).matchAll(/\bdeno@([\d.]+\d)/g)) {
      assert.equal(version, PINNED, `${relative(ROOT, page)}: ${whole}`);
    }
  }
});

Deno.test("Every relative link in the pages leads to an existing file and heading", async () => {
  const broken: string[] = [];
  for (const page of PAGES) {
    for (const link of linksIn(await Deno.readTextFile(page))) {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : join(dirname(page), path);
      const text = await Deno.readTextFile(target).catch(() => undefined);
      const isThere = text === undefined
        ? anchor === undefined && await Deno.stat(target).then(() => true, () => false)
        : anchor === undefined || anchorsIn(text).has(anchor);
      if (!isThere) broken.push(`${relative(ROOT, page)}: ${link}`);
    }
  }
  assert.deepEqual(broken, []);
});

/** Written by a task, and in no clone. */
const WRITTEN = ["bench/results.json"];

Deno.test("Every path of the project that the pages name exists", async () => {
  const missing: string[] = [];
  for (const page of PAGES) {
    const code = (await Deno.readTextFile(page)).matchAll(/`([^`\s]+)`/g);
    for (const [, path = ""] of code) {
      if (
        !/^(bench|docs|packaging|sim|src|tests)\/[\w./-]+$/.test(path) || WRITTEN.includes(path)
      ) continue;
      const exists = await Deno.stat(join(ROOT, path)).then(() => true, () => false);
      if (!exists) missing.push(`${relative(ROOT, page)}: ${path}`);
    }
  }
  assert.deepEqual(missing, []);
});

Deno.test("Every configuration in the pages loads, as far as it is complete", async () => {
  // Files that are not here, and sections that a fragment leaves out.
  const excused =
    /^(missing required value role_to_recipients|provide either \[mailgun\] or \[smtp\]|(provide )?delivery\.sender)/;
  const absent = /Error reading password from \/var\/lib\/teleport(-email|\/plugins\/email)\//;
  const faults: string[] = [];
  let count = 0;
  for (const page of PAGES) {
    for (const block of blocksIn(await Deno.readTextFile(page), "toml")) {
      count++;
      const result = await parseConfig(block, relative(ROOT, page), {});
      const isWhole = /^\[role_to_recipients\]/m.test(block);
      faults.push(...result.warnings.filter((warning) => isWhole || !excused.test(warning)));
      if (result.ok) continue;
      faults.push(
        ...result.errors.filter((error) =>
          !absent.test(error) && (isWhole || !excused.test(error))
        ),
      );
    }
  }
  assert.deepEqual(faults, []);
  assert.ok(count >= 2, `${count} configurations found`);
});

Deno.test("fault() finds what does not exist", async () => {
  assert.equal(await fault([PROGRAM]), undefined);
  assert.equal(await fault([PROGRAM, "check", "--offline", "-c", "x"]), undefined);
  assert.match(await fault([PROGRAM, "chek"]) ?? "", /no command 'chek'/);
  assert.match(await fault([PROGRAM, "check", "--retry=x"]) ?? "", /no option '--retry'/);
  assert.equal(await fault(["deno", "task", "demo", "--keep"]), undefined);
  assert.match(await fault(["deno", "task", "nosuch"]) ?? "", /no task 'nosuch'/);
});

Deno.test("Every decision has a date and is in the list of decisions", async () => {
  const folder = join(ROOT, "docs", "internals", "decisions");
  const list = await Deno.readTextFile(join(folder, "README.md"));
  const linked = [...linksIn(list)].filter((link) => link.includes("#")).sort();
  const made: string[] = [];
  for (const page of PAGES) {
    if (dirname(page) !== folder || page.endsWith("README.md")) continue;
    for (const section of (await Deno.readTextFile(page)).split(/^(?=## )/m).slice(1)) {
      assert.match(section, /^## .+\n\n\d{1,2} [A-Z][a-z]+ 20\d\d\n\n/, `${page}: ${section}`);
      made.push(...[...anchorsIn(section)].map((anchor) => `${relative(folder, page)}#${anchor}`));
    }
  }
  assert.deepEqual(linked, made.sort());
});
