/**
 * A genuine base executable of `deno compile` and the Deno that it fits. Deno's own are on its release
 * server alone, but a program on PyPI was compiled on one: what was put behind it is cut off again.
 */

import { join } from "node:path";
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

/** Fetched once, 90 MB; `denort` exists when all of it is there. */
export async function findGenuinePair(): Promise<GenuinePair | Lacking> {
  if (Deno.build.arch !== "x86_64") return { ok: false, why: "the base executable is for x86_64" };
  const dir = join(CACHE, `deno-${VERSION}`);
  const pair = {
    ok: true,
    version: VERSION,
    deno: join(dir, "package", "deno"),
    denort: join(dir, "denort"),
  } as const;
  return await withCache(async () => {
    if (await Deno.stat(pair.denort).then(() => true, () => false)) return pair;
    try {
      await fetchPair(dir, pair);
      return pair;
    } catch (error) {
      const said = error instanceof Error ? error.message.trim().split("\n").at(-1) : String(error);
      return { ok: false, why: `Deno ${VERSION} or ${PROGRAM} cannot be fetched: ${said}` };
    }
  });
}

async function fetchPair(dir: string, { deno, denort }: GenuinePair): Promise<void> {
  await Deno.mkdir(dir, { recursive: true });
  const packed = `@deno/linux-x64-glibc@${VERSION}`;
  const archive = (await must(["npm", "pack", "--silent", packed], { cwd: dir })).trim();
  await must(["tar", "-xzf", archive], { cwd: dir });
  await Deno.chmod(deno, 0o755);
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
  await must([...pip, "--dest", ".", PROGRAM], { cwd: dir });
  await must(["sh", "-c", "python3 -m zipfile -e bids_validator_deno-*.whl wheel"], { cwd: dir });
  const compiled = "wheel/bids_validator_deno-2.0.7.data/scripts/bids-validator-deno";
  await cutOff(join(dir, compiled), denort);
}

/** What was compiled stands behind the executable, and its length in the last eight bytes. */
async function cutOff(program: string, denort: string): Promise<void> {
  const bytes = await Deno.readFile(program);
  const added = new DataView(bytes.buffer).getBigUint64(bytes.length - 8, true);
  await Deno.writeFile(`${denort}.new`, bytes.subarray(0, bytes.length - Number(added)));
  await Deno.chmod(`${denort}.new`, 0o755);
  await Deno.rename(`${denort}.new`, denort);
}
