/** `deno task build`: from the sources to the tarballs in `dist`. */

import { copyFile, mkdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { PINNED } from "../../src/cli/runtime.ts";
import { build } from "./build.ts";
import { BuildError } from "./fail.ts";
import { type BuildOptions, parseOptions, USAGE } from "./options.ts";
import { readSource, ROOT } from "./source.ts";

const encoder = new TextEncoder();
const say = (text: string) => void Deno.stderr.writeSync(encoder.encode(`${text}\n`));

async function main(options: BuildOptions): Promise<void> {
  if (Deno.version.deno !== PINNED) {
    throw new BuildError(`This is Deno ${Deno.version.deno}: build with npx -y deno@${PINNED}`);
  }
  const source = await readSource(options.release);
  const out = resolve(ROOT, options.out);
  const folder = await Deno.makeTempDir({ prefix: "teleport-email-build-" });
  try {
    const results = await build(options, source, folder, say);
    await mkdir(out, { recursive: true });
    for (const result of results) {
      await copyFile(result, join(out, basename(result)));
      say(`Built ${join(out, basename(result))}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

try {
  const options = parseOptions(Deno.args);
  if (options === "help") say(USAGE);
  else await main(options);
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  say(`build: error: ${error.message}`);
  Deno.exit(1);
}
