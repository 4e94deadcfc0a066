/** Makes the tarballs. */

import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { BUNDLE, type Bundle, makeBundle } from "./bundle.ts";
import { addContents } from "./contents.ts";
import { BuildError } from "./fail.ts";
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
  const bundleFolder = join(folder, "bundle");
  await mkdir(bundleFolder);
  const bundle = await makeBundle(bundleFolder, source);
  const results: string[] = [];
  for (const target of targets) {
    const { arch, machine } = target;
    const targetFolder = join(folder, machine);
    const top = join(targetFolder, TOP);
    await mkdir(top, { recursive: true });
    if (form === "compiled") throw new BuildError("--form compiled is not built yet");
    await addRuntime(top, bundle, target, targetFolder);
    if (arch === Deno.build.arch) await probe(join(top, "teleport-email"), source);
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
  bundle: Bundle,
  target: Target,
  folder: string,
): Promise<void> {
  const library = join(top, LIBRARY);
  await mkdir(library, { recursive: true });
  await copyFile(bundle.path, join(library, BUNDLE));
  await copyFile(await runtimeDeno(target, folder), join(library, "deno"));
  await Deno.writeTextFile(join(top, "teleport-email"), LAUNCHER, { mode: 0o755 });
}
