/**
 * `deno task gen`: makes `generated/` from the reduced protos beside it, with buf as the parser and
 * protoc-gen-es as the generator, both offline once npm has them. `generated_test.ts` runs it into
 * another directory and compares, so that stale files fail the tests.
 */

import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));

/**
 * Writes the generated messages to `outDir`, an absolute path.
 *
 * @throws {Error} with the generator's output when it fails
 */
export async function generate(outDir: string): Promise<void> {
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const template = {
    version: "v2",
    plugins: [{
      local: [Deno.execPath(), "run", "-A", "--config", config, "@bufbuild/protoc-gen-es"],
      out: outDir,
      opt: ["target=ts", "import_extension=ts"],
    }],
  };
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--config",
      config,
      "@bufbuild/buf",
      "generate",
      `${HERE}proto`,
      "--template",
      JSON.stringify(template),
    ],
    cwd: HERE,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    throw new Error(`Cannot generate messages: ${new TextDecoder().decode(stderr).trim()}`);
  }
}

if (import.meta.main) await generate(`${HERE}generated`);
