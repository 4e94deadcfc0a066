/** The tarball of the runtime form, built from the sources as they are. */

import { join } from "node:path";
import { must } from "./command.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** Builds it in `dir` and returns its path; takes half a minute. */
export async function buildRuntimeTarball(dir: string): Promise<string> {
  await must([Deno.execPath(), "task", "build", "--form", "runtime", "--out", dir], { cwd: ROOT });
  const names = (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name);
  const name = names.find((name) => name.endsWith("-bin.tar.gz"));
  if (name === undefined) throw new Error(`no tarball was built: ${names.join()}`);
  return join(dir, name);
}
