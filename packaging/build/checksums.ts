/** Hashes of what was built. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

export async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/**
 * Writes `SHA256SUMS` of the files in `folder` whose names begin with `prefix`: what was built for one
 * machine after the other belongs together.
 *
 * @returns its path
 */
export async function writeChecksums(folder: string, prefix: string): Promise<string> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name)
    .filter((name) => name.startsWith(prefix)).sort();
  const lines = await Promise.all(
    names.map(async (name) => `${await sha256(join(folder, name))}  ${name}\n`),
  );
  const path = join(folder, "SHA256SUMS");
  await Deno.writeTextFile(path, lines.join(""));
  return path;
}
