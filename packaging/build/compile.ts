/** The program as one executable. */

import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { PROGRAM } from "../../src/version.ts";
import type { Base, Compiler } from "./base.ts";
import { BUNDLE } from "./bundle.ts";
import { run } from "./command.ts";
import { BuildError } from "./fail.ts";
import { FLAGS } from "./flags.ts";
import type { Source } from "./source.ts";
import type { Target } from "./target.ts";

/**
 * Nothing is looked for around the bundle or fetched for it. The code cache would be one of this
 * machine, and differ from build to build.
 */
const COMPILE_FLAGS = [
  "--no-config",
  "--no-lock",
  "--no-check",
  "--no-npm",
  "--no-remote",
  "--no-code-cache",
];

/**
 * Compiles `bundle` to an executable in `top`, in a folder of its own in `work`: whatever lies beside the
 * program may end up in the executable. Same bundle and time stamp, same bytes.
 */
export async function compile(
  { compiler, env: baseEnv, missing }: Base,
  bundle: string,
  target: Target,
  options: { readonly work: string; readonly top: string; readonly source: Source },
): Promise<void> {
  const { work, top, source: { epoch } } = options;
  const clean = join(work, "clean");
  await mkdir(clean);
  const input = join(clean, BUNDLE);
  await copyFile(bundle, input);
  await Deno.utime(input, epoch, epoch);
  const flags = [...COMPILE_FLAGS, ...await permissions(compiler)];
  const paths = ["--target", target.triple, "--output", join(top, PROGRAM), BUNDLE];
  const args = ["compile", ...flags, ...paths];
  const env = { NO_COLOR: "1", ...baseEnv };
  const { code, stderr } = await run(compiler.path, args, { cwd: clean, env });
  if (code === 0) return;
  const said = stderr.split("\n\nStack backtrace:")[0]?.trim();
  throw new BuildError(
    `${missing ?? `Cannot compile with '${compiler.path}'`}\nDeno said: ${said}`,
  );
}

/** The flags without the kinds of `--allow-sys` that the compiler does not know: it refuses those. */
async function permissions({ path }: Compiler): Promise<readonly string[]> {
  const name = "--allow-sys=";
  const kinds = FLAGS.find((flag) => flag.startsWith(name))?.slice(name.length).split(",") ?? [];
  const codes = await Promise.all(
    kinds.map(async (kind) => (await run(path, ["compile", name + kind, "--help"])).code),
  );
  const known = kinds.filter((_, index) => codes[index] === 0);
  const others = FLAGS.filter((flag) => !flag.startsWith(name));
  return known.length === 0 ? others : [...others, name + known.join()];
}
