/** `deno task build` as a user calls it, and what it makes. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Finished, must, run } from "./command.ts";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Runs the build; the results go to `out`. */
export function build(
  out: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const command = [Deno.execPath(), "task", "build", "--out", out, ...args];
  return run(command, { cwd: ROOT, env: { NO_COLOR: "1", ...env } });
}

/** Path of the tarball for a machine in `out`. */
export async function tarballIn(out: string, machine: "amd64" | "arm64"): Promise<string> {
  for await (const { name } of Deno.readDir(out)) {
    if (name.endsWith(`-linux-${machine}-bin.tar.gz`)) return join(out, name);
  }
  throw new Error(`no tarball for ${machine} in '${out}'`);
}

/** Builds the tarball of the runtime form for this machine in `out`; takes half a minute. */
export async function buildRuntimeTarball(out: string): Promise<string> {
  const { ok, stderr } = await build(out, ["--form=runtime"]);
  if (!ok) throw new Error(`the runtime form cannot be built: ${stderr}`);
  return await tarballIn(out, Deno.build.arch === "aarch64" ? "arm64" : "amd64");
}

/** Unpacks a tarball below `dir`, as a user would, and returns the folder that it makes. */
export async function unpack(tarball: string, dir: string): Promise<string> {
  await Deno.mkdir(dir, { recursive: true });
  await must(["tar", "-xzf", tarball, "-C", dir]);
  return join(dir, "teleport-access-email");
}

/** A folder that is removed after the test. */
export async function inFolder(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-build-test-" });
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
