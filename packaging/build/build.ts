/** Makes the tarballs. */

import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { PROGRAM } from "../../src/version.ts";
import { findCompiler } from "./base.ts";
import { BUNDLE, makeBundle } from "./bundle.ts";
import { compile } from "./compile.ts";
import { addContents } from "./contents.ts";
import { LAUNCHER, LIBRARY } from "./launcher.ts";
import type { BuildOptions } from "./options.ts";
import { probe } from "./probe.ts";
import { runtimeDeno } from "./runtime_deno.ts";
import type { Source } from "./source.ts";
import { pack, TOP } from "./tarball.ts";
import type { Target } from "./target.ts";

/** Builds in `folder`, which must be empty, and returns the paths of the results. */
export async function build(
  { targets, form }: BuildOptions,
  source: Source,
  folder: string,
  say: (text: string) => void,
): Promise<readonly string[]> {
  const compiler = form === "compiled" ? await findCompiler() : undefined;
  const bundleFolder = join(folder, "bundle");
  await mkdir(bundleFolder);
  const bundle = await makeBundle(bundleFolder, source);
  const results: string[] = [];
  for (const target of targets) {
    const { arch, machine } = target;
    const targetFolder = join(folder, machine);
    const top = join(targetFolder, TOP);
    const output = join(top, PROGRAM);
    await mkdir(top, { recursive: true });
    if (compiler === undefined) await addRuntime(top, bundle.path, target, targetFolder);
    else {
      const clean = join(targetFolder, "clean");
      await compile(compiler, bundle.path, target, { clean, output, epoch: source.epoch });
    }
    if (arch === Deno.build.arch) await probe(output, source);
    else say(`Not run here, as it is for ${arch}`);
    await addContents(top, bundle.path, source);
    const tarball = join(folder, `${TOP}-v${source.version}-linux-${machine}-bin.tar.gz`);
    await pack(targetFolder, tarball, source.epoch);
    results.push(tarball);
  }
  return results;
}

async function addRuntime(
  top: string,
  bundle: string,
  target: Target,
  folder: string,
): Promise<void> {
  const library = join(top, LIBRARY);
  await mkdir(library, { recursive: true });
  await copyFile(bundle, join(library, BUNDLE));
  await copyFile(await runtimeDeno(target, folder), join(library, "deno"));
  await Deno.writeTextFile(join(top, PROGRAM), LAUNCHER, { mode: 0o755 });
}
