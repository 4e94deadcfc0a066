/** Packs a folder so that the same files give the same bytes. */

import { join } from "node:path";
import { mustRun } from "./command.ts";

/** The name of the folder in the tarball. */
export const TOP = "teleport-access-email";
/** How the names of tarballs end. */
export const TARBALL = "-bin.tar.gz";
/** What may be executed; everything else is just to be read. */
const EXECUTABLES = new Set(["teleport-email", "install", "deno"]);

/** Packs `folder/teleport-access-email` by GNU tar. */
export async function pack(folder: string, tarball: string, epoch: number): Promise<void> {
  await setModes(join(folder, TOP));
  const same = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", `--mtime=@${epoch}`];
  const tar = `${tarball}.tar`;
  await mustRun("tar", ["--format=ustar", ...same, "-C", folder, "-cf", tar, TOP]);
  // -n: neither name nor time of the tar file.
  await mustRun("gzip", ["-n", "-6", "--force", tar]);
  await Deno.rename(`${tar}.gz`, tarball);
}

async function setModes(folder: string): Promise<void> {
  await Deno.chmod(folder, 0o755);
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) await setModes(path);
    else await Deno.chmod(path, EXECUTABLES.has(name) ? 0o755 : 0o644);
  }
}
