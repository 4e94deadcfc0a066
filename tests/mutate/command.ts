/** `deno task mutate`: edits the sources one at a time, and looks whether the tests notice. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { DIAL_TARGETS } from "./dial.ts";
import { MAIL_TARGETS } from "./mail.ts";
import { REQUEST_TARGETS } from "./requests.ts";
import type { Edit, Target } from "./target.ts";

const USAGE = `Usage: deno task mutate [--only TEXT] [--jobs N] [--list]

Edits the sources in a copy of this folder, one edit at a time, and runs the unit tests that must
fail. Ends with code 1 if one passes that should not, if tests fail without an edit, or if an edit's
text is not found once.

  --only TEXT  only files whose path holds this text
  --jobs N     how many edits are tried at once, each in a copy of its own (default: 1)
  --list       only look whether every edit's text is found
`;

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What tests of the sources need. */
const COPIED = [
  "deno.json",
  "deno.lock",
  "main.ts",
  "src",
  "sim",
  "tests/testdata",
  "tests/support.ts",
];
/** What a target's tests may take without an edit, on a busy machine. */
const BASELINE_MS = 600_000;
/** Tests that hang have noticed, too; so long beyond what they take without an edit. */
const HANG_MS = 30_000;
const HANG_FACTOR = 4;
const TARGETS: readonly Target[] = [...REQUEST_TARGETS, ...DIAL_TARGETS, ...MAIL_TARGETS];

interface Mutation {
  readonly target: Target;
  readonly edit: Edit;
}

const { values } = parseArgs({
  args: Deno.args,
  options: {
    only: { type: "string", default: "" },
    jobs: { type: "string", default: "1" },
    list: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

function nameOf({ target: { file }, edit: [find, replace] }: Mutation): string {
  const short = (text: string) => text.replace(/\s+/g, " ").trim().slice(0, 70);
  return `${file}: ${short(find)} -> ${short(replace) || "(nothing)"}`;
}

/** The file after the edit. Throws unless its text occurs exactly once. */
async function edited(root: string, { target: { file }, edit: [find, replace] }: Mutation) {
  const source = await Deno.readTextFile(join(root, file));
  const [before, after, ...more] = source.split(find);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(
      `${file} holds ${more.length + 1 - Number(after === undefined)} times: ${find}`,
    );
  }
  return { source, changed: before + replace + after };
}

/** A copy of what tests need. */
async function copySources(): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-mutate-" });
  for (const path of COPIED) {
    await Deno.mkdir(join(dir, path, ".."), { recursive: true });
    const copy = new Deno.Command("cp", { args: ["-r", join(ROOT, path), join(dir, path)] });
    if (!(await copy.output()).success) throw new Error(`Cannot copy ${path}`);
  }
  return dir;
}

async function testsPass(dir: string, tests: readonly string[], limitMs: number): Promise<boolean> {
  const signal = AbortSignal.timeout(limitMs);
  const args = ["test", "-A", "--no-check", "--fail-fast", ...tests];
  const command = new Deno.Command(Deno.execPath(), {
    args,
    cwd: dir,
    signal,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
  return (await command.output()).success;
}

/** Whether the tests let the edit pass. */
async function survives(dir: string, mutation: Mutation, limitMs: number): Promise<boolean> {
  const { target: { file, tests } } = mutation;
  const { source, changed } = await edited(dir, mutation);
  await Deno.writeTextFile(join(dir, file), changed);
  try {
    return await testsPass(dir, tests, limitMs);
  } finally {
    await Deno.writeTextFile(join(dir, file), source);
  }
}

interface Counts {
  killed: number;
  survived: number;
  excused: number;
  /** Killed, although the list gives a reason why not. */
  needless: number;
  /** Files whose tests fail without an edit. */
  broken: number;
}

/** Runs a target's tests without and with each of its edits. */
async function tryTarget(dir: string, target: Target, counts: Counts): Promise<void> {
  const startMs = performance.now();
  // Tests that fail anyway would kill everything.
  if (!await testsPass(dir, target.tests, BASELINE_MS)) {
    counts.broken++;
    write(`NOT TRIED ${target.file}: its tests fail without an edit\n`);
    return;
  }
  const limitMs = HANG_MS + HANG_FACTOR * (performance.now() - startMs);
  for (const edit of target.edits) await tryOut(dir, { target, edit }, limitMs, counts);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
  write(`${target.file}: ${target.edits.length} edits in ${seconds} s\n`);
}

async function tryOut(
  dir: string,
  mutation: Mutation,
  limitMs: number,
  counts: Counts,
): Promise<void> {
  const [, , reason] = mutation.edit;
  const lived = await survives(dir, mutation, limitMs);
  if (lived) {
    counts[reason === undefined ? "survived" : "excused"]++;
    const verdict = reason === undefined ? "SURVIVED" : "survived";
    write(`${verdict} ${nameOf(mutation)}${reason === undefined ? "" : ` (${reason})`}\n`);
  } else if (reason === undefined) counts.killed++;
  else {
    counts.needless++;
    write(`killed, although it has a reason to survive: ${nameOf(mutation)}\n`);
  }
}

async function main(): Promise<number> {
  const targets = TARGETS.filter(({ file }) => file.includes(values.only));
  const mutations = targets.flatMap((target) => target.edits.map((edit) => ({ target, edit })));
  const missing: string[] = [];
  for (const mutation of mutations) {
    await edited(ROOT, mutation).catch((error: Error) => missing.push(error.message));
  }
  for (const problem of missing) write(`NOT FOUND ${problem}\n`);
  write(`${mutations.length} mutations of ${targets.length} files\n`);
  if (missing.length > 0 || values.list) return missing.length > 0 ? 1 : 0;
  const found = { killed: 0, survived: 0, excused: 0, needless: 0, broken: 0 };
  const left = targets.values();
  const work = async () => {
    const dir = await copySources();
    try {
      for (const target of left) await tryTarget(dir, target, found);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, work));
  const { killed, survived, excused, needless, broken } = found;
  write(`${killed + needless} killed, ${excused} survived with a reason, ${survived} without\n`);
  return survived + broken > 0 ? 1 : 0;
}

if (values.help) write(USAGE);
else Deno.exit(await main());
