/** What lies in the tarball besides the program. */

import { copyFile, cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Bundle } from "./bundle.ts";
import { mustRun } from "./command.ts";
import { BuildError } from "./fail.ts";
import { FLAGS } from "./flags.ts";
import { licences } from "./licences.ts";
import { ROOT, type Source } from "./source.ts";

/** Files of the project; the original calls its script `install`, too. */
const FILES: Readonly<Record<string, string>> = {
  "install.sh": "install",
  "README.md": "README.md",
  "CHANGELOG.md": "CHANGELOG.md",
  "CONTRIBUTING.md": "CONTRIBUTING.md",
  "LICENSE": "LICENSE",
  "SECURITY.md": "SECURITY.md",
  "teleport-email.service": "teleport-email.service",
  "packaging/teleport-email.1": "teleport-email.1",
  // The front page and the installation page link these.
  "bench/README.md": "bench/README.md",
  "packaging/chart/teleport-plugin-email/README.md":
    "packaging/chart/teleport-plugin-email/README.md",
};

/** Under the same path, as the pages name and link them. */
const FOLDERS: readonly string[] = ["docs", "packaging/monitoring", "packaging/systemd"];

/** Files that the program prints. */
const PRINTED: Readonly<Record<string, readonly string[]>> = {
  "teleport-email.toml": ["configure"],
  "completions/teleport-email.bash": ["completion", "bash"],
  "completions/_teleport-email": ["completion", "zsh"],
  "completions/teleport-email.fish": ["completion", "fish"],
};

export async function addContents(
  folder: string,
  { path: bundle, packages }: Bundle,
  denoVersion: string,
  source: Source,
): Promise<void> {
  for (const [from, to] of Object.entries(FILES)) {
    try {
      await mkdir(dirname(join(folder, to)), { recursive: true });
      await copyFile(join(ROOT, from), join(folder, to));
    } catch (error) {
      throw new BuildError(`Cannot put '${from}' into the tarball: ${error}`);
    }
  }
  for (const name of FOLDERS) await cp(join(ROOT, name), join(folder, name), { recursive: true });
  await Deno.writeTextFile(join(folder, "VERSION"), `${source.version}\n`);
  const thirdParty = await licences(packages, denoVersion);
  await Deno.writeTextFile(join(folder, "THIRD-PARTY-LICENSES"), thirdParty);
  for (const [name, args] of Object.entries(PRINTED)) {
    const text = await mustRun(Deno.execPath(), ["run", ...FLAGS, bundle, ...args]);
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await Deno.writeTextFile(join(folder, name), text);
  }
}
