/** `deno task build`: from the sources to the tarballs in `dist`. */

import { copyFile, mkdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { PINNED } from "../../src/cli/runtime.ts";
import { build } from "./build.ts";
import { sha256, writeChecksums } from "./checksums.ts";
import { mustRun, run } from "./command.ts";
import { BuildError } from "./fail.ts";
import { CODE_CACHE } from "./loader.ts";
import { type BuildOptions, parseOptions, USAGE } from "./options.ts";
import { readSource, ROOT } from "./source.ts";
import { TARBALL, TOP } from "./tarball.ts";

const encoder = new TextEncoder();
const say = (text: string) => void Deno.stderr.writeSync(encoder.encode(`${text}\n`));

async function main(options: BuildOptions): Promise<void> {
  if (Deno.version.deno !== PINNED) {
    throw new BuildError(`This is Deno ${Deno.version.deno}: build with npx -y deno@${PINNED}`);
  }
  if (Deno.build.os !== "linux") throw new BuildError(`This is ${Deno.build.os}: build on Linux`);
  const source = await readSource(options.release, Deno.env.get("SOURCE_DATE_EPOCH"));
  const out = resolve(ROOT, options.out);
  const folders: string[] = [];
  const buildOnce = async () => {
    const folder = await Deno.makeTempDir({ prefix: "teleport-email-build-" });
    folders.push(folder);
    return await build(options, source, folder, say);
  };
  try {
    const results = await buildOnce();
    if (options.verify) await compare(results, await buildOnce());
    await mkdir(out, { recursive: true });
    for (const result of results) {
      await copyFile(result, join(out, basename(result)));
      say(`Built ${join(out, basename(result))}`);
    }
    say(`Built ${await writeChecksums(out, `${TOP}-v${source.version}`)}`);
  } finally {
    for (const folder of folders) await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Compares the results of two builds. V8 leaves a few bytes of a code cache to chance: tarballs that carry
 * one are compared without it.
 *
 * @throws {BuildError} for the first file that is not the same in both
 */
async function compare(first: readonly string[], second: readonly string[]): Promise<void> {
  for (const [index, path] of first.entries()) {
    const other = second[index] ?? "";
    const name = basename(path);
    const sum = await sha256(path);
    if (sum === await sha256(other)) say(`Same in both builds: ${sum}  ${name}`);
    else if (path.endsWith(TARBALL) && await isSameWithoutCodeCache(path, other)) {
      say(`Same in both builds, except for the code cache: ${name}`);
    } else throw new BuildError(`'${path}' and '${other}' differ: the build is not reproducible`);
  }
}

async function isSameWithoutCodeCache(...tarballs: readonly string[]): Promise<boolean> {
  const folders: string[] = [];
  for (const tarball of tarballs) {
    const folder = `${tarball}.unpacked`;
    await mkdir(folder);
    await mustRun("tar", ["-xzf", tarball, "-C", folder]);
    folders.push(folder);
  }
  const { code } = await run("diff", ["-r", "--brief", `--exclude=${CODE_CACHE}`, ...folders]);
  return code === 0;
}

try {
  const options = parseOptions(Deno.args);
  if (options === "help") say(USAGE);
  else await main(options);
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  say(`build: error: ${error.message}`);
  Deno.exit(1);
}
