/** From the sources to what is published. */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { PINNED } from "../../src/cli/runtime.ts";
import { PROGRAM } from "../../src/version.ts";
import { type Base, findBase, findCompiler } from "./base.ts";
import { makeBundle } from "./bundle.ts";
import { compile } from "./compile.ts";
import { addContents } from "./contents.ts";
import { addRuntime } from "./launcher.ts";
import type { BuildOptions } from "./options.ts";
import { probe } from "./probe.ts";
import { runtimeDeno } from "./runtime_deno.ts";
import { sbom } from "./sbom.ts";
import type { Source } from "./source.ts";
import { pack, TARBALL, TOP } from "./tarball.ts";
import type { Target } from "./target.ts";

/** Builds in `folder`, which must be empty, and returns the paths of the results. */
export async function build(
  { targets, form }: BuildOptions,
  source: Source,
  folder: string,
  say: (text: string) => void,
): Promise<readonly string[]> {
  const compiler = form === "compiled" ? await findCompiler() : undefined;
  const denoVersion = compiler?.version ?? PINNED;
  const bases = new Map<Target, Base>();
  if (compiler !== undefined) {
    for (const target of targets) bases.set(target, await findBase(compiler, target));
  }
  const bundleFolder = join(folder, "bundle");
  await mkdir(bundleFolder);
  const bundle = await makeBundle(bundleFolder, source);
  const results: string[] = [];
  for (const target of targets) {
    const work = join(folder, target.machine);
    const top = join(work, TOP);
    await mkdir(top, { recursive: true });
    const base = bases.get(target);
    const isNative = target.arch === Deno.build.arch;
    const place = { top, work, isNative };
    if (base === undefined) {
      await addRuntime(place, bundle.script, await runtimeDeno(target, work));
    } else await compile(base, bundle.path, target, { work, top, source });
    if (isNative) await probe(join(top, PROGRAM), source);
    else say(`Not run here, as it is for ${target.arch}`);
    await addContents(top, bundle, denoVersion, source);
    const name = `${TOP}-v${source.version}-linux-${target.machine}${TARBALL}`;
    await pack(work, join(folder, name), source.epoch);
    results.push(join(folder, name));
  }
  const list = join(folder, `${TOP}-v${source.version}.cdx.json`);
  const bytes = await Deno.readFile(bundle.path);
  await Deno.writeTextFile(list, await sbom(bundle.packages, bytes, denoVersion, source));
  return [...results, list];
}
