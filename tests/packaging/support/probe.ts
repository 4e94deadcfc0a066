/** Permissions of what was built, tried from inside. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { must } from "./command.ts";
import { ROOT } from "./build.ts";

/** Makes one JavaScript file of the script that tries them, as the build makes one of the program. */
export async function bundleProbe(path: string, format: "esm" | "cjs" = "esm"): Promise<void> {
  const script = "tests/packaging/support/probe_script.ts";
  const flags = ["--quiet", "--platform", "deno", "--format", format, "--output", path];
  await must([Deno.execPath(), "bundle", ...flags, script], { cwd: ROOT });
}

/** Runs `program`, which has the script inside, and compares what it could do with what it may. */
export async function tryPermissions(program: string, dir: string): Promise<void> {
  await Deno.writeTextFile(join(dir, "kept"), "");
  const { forbidden, allowed } = JSON.parse(await must([program, dir]));
  for (const [name, outcome] of Object.entries(forbidden)) {
    // A module, or the script of the runtime form, which can import nothing.
    const refusal = name.startsWith("load code")
      ? /--no-remote|Module not found|dynamic import callback was not specified/
      : /^NotCapable:/;
    assert.match(String(outcome), refusal, name);
  }
  assert.ok(Object.keys(forbidden).length > 10);
  for (const [name, outcome] of Object.entries(allowed)) {
    assert.equal(outcome, "allowed", name);
  }
  await Deno.remove(join(dir, "kept"));
}
