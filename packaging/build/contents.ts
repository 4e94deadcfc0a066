/** What lies in the tarball besides the program. */

import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { mustRun } from "./command.ts";
import { FLAGS } from "./flags.ts";
import { ROOT, type Source } from "./source.ts";

/** Files of the project, and their names in the tarball. */
const FILES: Readonly<Record<string, string>> = {
  "install.sh": "install",
  "README.md": "README.md",
  "LICENSE": "LICENSE",
  "teleport-email.service": "teleport-email.service",
  "packaging/teleport-email.1": "teleport-email.1",
};

/** Files that the program prints. */
const PRINTED: Readonly<Record<string, readonly string[]>> = {
  "teleport-email.toml": ["configure"],
  "completions/teleport-email.bash": ["completion", "bash"],
  "completions/_teleport-email": ["completion", "zsh"],
  "completions/teleport-email.fish": ["completion", "fish"],
};

export async function addContents(folder: string, bundle: string, source: Source): Promise<void> {
  for (const [from, to] of Object.entries(FILES)) {
    await copyFile(join(ROOT, from), join(folder, to));
  }
  await Deno.writeTextFile(join(folder, "VERSION"), `${source.version}\n`);
  for (const [name, args] of Object.entries(PRINTED)) {
    const text = await mustRun(Deno.execPath(), ["run", ...FLAGS, bundle, ...args]);
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await Deno.writeTextFile(join(folder, name), text);
  }
}
