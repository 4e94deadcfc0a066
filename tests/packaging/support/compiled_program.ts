/** The program as one executable, compiled by a genuine pair. */

import { join } from "node:path";
import { makeBundle } from "../../../packaging/build/bundle.ts";
import { compile } from "../../../packaging/build/compile.ts";
import { TARGETS } from "../../../packaging/build/target.ts";
import type { GenuinePair } from "./genuine_pair.ts";

/** Compiles the sources in `dir` for x86_64, and returns the path; takes ten seconds. */
export async function compileProgram(
  { deno, denort, version }: GenuinePair,
  dir: string,
): Promise<string> {
  const target = TARGETS.find(({ arch }) => arch === "x86_64");
  if (target === undefined) throw new Error("nothing is built for x86_64");
  const source = { version: "0", gitRef: "", epoch: 0 };
  await Deno.mkdir(join(dir, "bundle"), { recursive: true });
  const { path } = await makeBundle(join(dir, "bundle"), source);
  const base = { compiler: { path: deno, version }, env: { DENORT_BIN: denort } };
  await compile(base, path, target, { work: dir, top: dir, source });
  return join(dir, "teleport-email");
}
