/** The whole program in one JavaScript file, in two forms. */

import { cp } from "node:fs/promises";
import { join } from "node:path";
import { mustRun } from "./command.ts";
import { BuildError } from "./fail.ts";
import { SCRIPT, scriptOf } from "./loader.ts";
import { bundledPackages, type Package } from "./packages.ts";
import { ROOT, type Source } from "./source.ts";

/** The name of the module that is compiled; stack traces show it. */
export const BUNDLE = "teleport-email.js";

/**
 * Only the SSH library's way of making RSA keys on old versions of Node.js asks for it; the library
 * does not bring it along, and this program makes no keys.
 */
const NOT_INSTALLED = "node-rsa";
const FLAGS = ["--quiet", "--frozen", "--platform", "deno", "--external", NOT_INSTALLED];

export interface Bundle {
  readonly path: string;
  /** Path of the script that the loader runs. */
  readonly script: string;
  readonly packages: readonly Package[];
}

/**
 * Bundles a copy of the sources in `folder`, which must be empty, by the running Deno. The same sources
 * give the same bytes.
 */
export async function makeBundle(folder: string, source: Source): Promise<Bundle> {
  for (const name of ["main.ts", "deno.json", "deno.lock", "src"]) {
    await cp(join(ROOT, name), join(folder, name), { recursive: true });
  }
  await writeGitRef(join(folder, "src", "version.ts"), source.gitRef);
  const bundle = (...args: string[]) =>
    mustRun(Deno.execPath(), ["bundle", ...FLAGS, ...args, "main.ts"], { cwd: folder });
  const path = join(folder, BUNDLE);
  const script = join(folder, SCRIPT);
  await bundle("--minify", "--output", path);
  await bundle("--minify", "--format", "cjs", "--output", script);
  await Deno.writeTextFile(script, scriptOf(asciiOnly(await Deno.readTextFile(script))));
  const packages = await bundledPackages(folder, await bundle());
  return { path, script, packages };
}

/**
 * JavaScript without other characters: V8 keeps a source that has any in two bytes per character, 2.4 MiB
 * more for this one. They are in literals only, where an escape means the same.
 */
export function asciiOnly(source: string): string {
  return source.replace(
    // deno-lint-ignore no-control-regex
    /[^\x00-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

async function writeGitRef(path: string, gitRef: string): Promise<void> {
  const old = 'GIT_REF = ""';
  const text = await Deno.readTextFile(path);
  if (!text.includes(old)) throw new BuildError(`Cannot set the commit: no '${old}' in '${path}'`);
  await Deno.writeTextFile(path, text.replace(old, `GIT_REF = ${JSON.stringify(gitRef)}`));
}
