/** The Deno that the runtime form carries: the pinned version, for the machine that it is built for. */

import { join } from "node:path";
import { PINNED } from "../../src/cli/runtime.ts";
import { run } from "./command.ts";
import { BuildError } from "./fail.ts";
import type { Target } from "./target.ts";

/**
 * Path of the executable. The one for another machine comes from Deno's own package on PyPI, which has
 * the version for both; npm lacks it for aarch64. What is fetched goes to `folder`.
 *
 * @throws {BuildError} when there is none to be had
 */
export async function runtimeDeno(
  { arch, wheelPlatform: platform }: Target,
  folder: string,
): Promise<string> {
  const variable = `DENO_${arch.toUpperCase()}`;
  const given = Deno.env.get(variable);
  if (given !== undefined) return await checked(given, variable);
  if (arch === Deno.build.arch) return Deno.execPath();
  const args = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"];
  const wheel = [`deno==${PINNED}`, "--platform", platform, "--dest", folder];
  const fetched = await run("python3", [...args, ...wheel]).catch(noCommand);
  const file = join(folder, `deno-${PINNED}-py3-none-${platform}.whl`);
  const unpacked = await run("python3", ["-m", "zipfile", "-e", file, folder]).catch(noCommand);
  const deno = join(folder, `deno-${PINNED}.data`, "scripts", "deno");
  if (unpacked.code === 0) return deno;
  throw new BuildError(
    `Cannot get Deno ${PINNED} for ${arch} by 'pip download deno==${PINNED}': ` +
      `${
        (fetched.stderr || unpacked.stderr).trim()
      }\nSet ${variable} to the path of that executable`,
  );
}

function noCommand(error: unknown) {
  return { code: 127, stdout: "", stderr: error instanceof Error ? error.message : String(error) };
}

async function checked(path: string, variable: string): Promise<string> {
  const { isFile } = await Deno.stat(path).catch(() => ({ isFile: false }));
  if (!isFile) throw new BuildError(`${variable} is '${path}': there is no such file`);
  return path;
}
