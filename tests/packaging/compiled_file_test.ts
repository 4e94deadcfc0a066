/**
 * The file that the pinned Deno's `deno compile` writes. Since 2.9 the program is a note in the executable
 * and no longer behind it, so the compiled programs that the other tests run say nothing about it. No base
 * executable of that version can be had; a whole Deno in its place gives a file of the same structure.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { BUNDLE } from "../../packaging/build/bundle.ts";
import { sha256 } from "../../packaging/build/checksums.ts";
import { compile } from "../../packaging/build/compile.ts";
import { FLAGS } from "../../packaging/build/flags.ts";
import { TARGETS } from "../../packaging/build/target.ts";
import { PINNED } from "../../src/cli/runtime.ts";
import { inFolder } from "./support/build.ts";
import { type Elf, faultsOf, type Note, notesIn, PT, readElf } from "./support/elf.ts";

const MAGIC = "d3n0l4nd";
/** libsui's mark. */
const OWNER = "SUI";
const SCRIPT = `console.log("a program that stands for ours");\n`;

/** Compiles the script in a folder of its own below `dir`, and returns the path. */
async function compileWhole(dir: string, name: string): Promise<string> {
  const target = TARGETS.find(({ arch }) => arch === Deno.build.arch);
  assert.ok(target);
  const work = join(dir, name);
  await Deno.mkdir(work);
  await Deno.writeTextFile(join(work, BUNDLE), SCRIPT);
  const compiler = { path: Deno.execPath(), version: PINNED };
  const base = { compiler, env: { DENORT_BIN: Deno.execPath() } };
  const source = { version: "0", gitRef: "", epoch: 1_769_904_000 };
  await compile(base, join(work, BUNDLE), target, { work, top: work, source });
  return join(work, "teleport-email");
}

Deno.test("The executable of the pinned Deno is a sound ELF file, and the same twice", async () => {
  await inFolder(async (dir) => {
    const path = await compileWhole(dir, "first");
    const file = await Deno.readFile(path);
    assert.equal(await sha256(await compileWhole(dir, "second")), await sha256(path));
    assert.deepEqual(faultsOf(file), []);
    const before = await Deno.readFile(Deno.execPath());
    assert.deepEqual(faultsOf(before), [], "the whole Deno");
    assert.deepEqual(file.subarray(24, 32), before.subarray(24, 32), "the entry point");
    // Damage to it is found: the first segment is the table of them, its address at 16.
    const { table } = readElf(file);
    file[table.offset + 16 + 1] = 0xff;
    assert.deepEqual(faultsOf(file), [
      "the table of segments is not at its offset in memory",
    ]);
  });
});

Deno.test("The executable of the pinned Deno has the program and its permissions in a note", async () => {
  await inFolder(async (dir) => {
    const file = await Deno.readFile(await compileWhole(dir, "compiled"));
    const elf = readElf(file);
    const note = noteOf(file, elf);
    const text = new TextDecoder("latin1").decode(note.content);
    assert.ok(text.includes(SCRIPT), "the bundle");
    assert.ok(text.includes(MAGIC) && text.endsWith(MAGIC));
    const { permissions, v8_flags: v8Flags, entrypoint_key: entry, unstable_config: unstable } =
      settingsIn(text);
    assert.equal(entry, BUNDLE);
    assert.deepEqual(unstable.features, ["net"]);
    const wanted = FLAGS.find((flag) => flag.startsWith("--v8-flags="))?.slice(11).split(",") ?? [];
    assert.deepEqual(v8Flags.slice(-wanted.length), wanted);
    assert.equal(permissions.prompt, false);
    for (const kind of ["env", "net", "read", "write", "sys", "run", "ffi"]) {
      assert.deepEqual(permissions[`allow_${kind}`], granted(kind), kind);
    }
  });
});

/** The only one of its kind; it is loaded with the executable. */
function noteOf(file: Uint8Array, { segments }: Elf): Note {
  const found = segments.filter(({ type }) => type === PT.NOTE)
    .flatMap((segment) => notesIn(file, segment).map((note) => ({ segment, note })))
    .filter(({ note }) => note.owner === OWNER);
  const [first] = found;
  assert.ok(first !== undefined && found.length === 1);
  const { offset, address, fileBytes } = first.segment;
  const isLoaded = segments.some((segment) =>
    segment.type === PT.LOAD && segment.offset <= offset && segment.address <= address &&
    offset + fileBytes <= segment.offset + segment.fileBytes &&
    address - offset === segment.address - segment.offset
  );
  assert.ok(isLoaded, "the note is loaded where it says that it is");
  return first.note;
}

/** The JSON before the files. */
// deno-lint-ignore no-explicit-any -- a wrong key fails the test
function settingsIn(text: string): any {
  const start = text.indexOf('{"argv"');
  const length = text.slice(start - 8, start);
  const bytes = [...length].reduceRight((sum, byte) => sum * 256 + byte.charCodeAt(0), 0);
  return JSON.parse(text.slice(start, start + bytes));
}

/** As Deno records it: nothing for what is not granted, and an empty list for all of it. */
function granted(kind: string): readonly string[] | null {
  const flag = FLAGS.find((flag) => flag.split("=")[0] === `--allow-${kind}`);
  if (flag === undefined) return null;
  return flag.includes("=") ? flag.slice(flag.indexOf("=") + 1).split(",") : [];
}
