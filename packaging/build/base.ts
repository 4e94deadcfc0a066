/** The base executable (`denort`) that `deno compile` puts the program on. */

import { open } from "node:fs/promises";
import { join, resolve } from "node:path";
import { mustRun, run } from "./command.ts";
import { BuildError } from "./fail.ts";
import type { Target } from "./target.ts";

/** The Deno that compiles. */
export interface Compiler {
  readonly path: string;
  /** `2.9.3` */
  readonly version: string;
}

/** The first whose programs can talk to Teleport servers (src/cli/runtime.ts). */
const OLDEST_MINOR = 7;

/** `DENO`, or the running one. */
export async function findCompiler(): Promise<Compiler> {
  const given = Deno.env.get("DENO") ?? Deno.execPath();
  // A name alone is looked for in PATH.
  const path = given.includes("/") ? resolve(given) : given;
  const printed = (await mustRun(path, ["--version"])).split("\n")[0] ?? "";
  const version = /^deno (2\.(\d+)\.\d+)/.exec(printed);
  if (Number(version?.[2] ?? -1) >= OLDEST_MINOR) return { path, version: version?.[1] ?? "" };
  throw new BuildError(
    `DENO is '${path}', and its --version is '${printed}': it must be Deno 2.${OLDEST_MINOR} or newer`,
  );
}

/** A Deno that compiles, with what it needs for one machine. */
export interface Base {
  readonly compiler: Compiler;
  /** For the environment of the compiler. */
  readonly env: Readonly<Record<string, string>>;
  /** Why a failure to compile may be that there is no base; undefined if one is at hand. */
  readonly missing?: string;
}

/** Where the base for `target` comes from: `DENORT_BIN`, the compiler's cache, or a download. */
export async function findBase(compiler: Compiler, target: Target): Promise<Base> {
  const given = Deno.env.get("DENORT_BIN") ?? "";
  if (given !== "") {
    const arch = await machineOf(given);
    if (arch === target.arch) return { compiler, env: { DENORT_BIN: resolve(given) } };
    throw new BuildError(
      `DENORT_BIN is '${given}': it must be an executable for Linux on ${target.arch}, ` +
        `and is ${arch === undefined ? "no executable" : `one for ${arch}`}`,
    );
  }
  // Deno takes an empty one for a path.
  Deno.env.delete("DENORT_BIN");
  const zip = await cachedZip(compiler, target);
  const { isFile } = await Deno.stat(zip).catch(() => ({ isFile: false }));
  return {
    compiler,
    env: {},
    ...!isFile && { missing: missingBase(compiler, target, zip) },
  };
}

function missingBase({ version }: Compiler, { triple, arch }: Target, zip: string): string {
  return `Cannot compile for ${arch}: there is no base executable 'denort' of Deno ${version}, ` +
    `and it could not be downloaded. Do one of these:
  1. build with --form=runtime, which needs none and puts Deno beside the program,
  2. build where Deno's release server can be reached,
  3. set DENORT_BIN to the path of the unpacked executable,
  4. put Deno's release file denort-${triple}.zip of v${version} at
     '${zip}'.`;
}

async function cachedZip({ path, version }: Compiler, { triple }: Target): Promise<string> {
  const { stdout } = await run(path, ["info", "--json"], { cwd: "/", env: { NO_COLOR: "1" } });
  const { denoDir } = JSON.parse(stdout);
  return join(denoDir, "dl", "release", `v${version}`, `denort-${triple}.zip`);
}

/** The machine of an ELF executable, by elf(5): magic, then e_machine at 18. */
async function machineOf(path: string): Promise<string | undefined> {
  const head = new Uint8Array(20);
  try {
    await using file = await open(path);
    await file.read(head, 0, head.length, 0);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new BuildError(`DENORT_BIN is '${path}', which cannot be read: ${cause}`);
  }
  const isElf = new TextDecoder("latin1").decode(head.subarray(0, 4)) === "\x7fELF";
  return isElf ? { 62: "x86_64", 183: "aarch64" }[head[18] ?? 0] ?? "another machine" : undefined;
}
