import assert from "node:assert/strict";
import { join } from "node:path";
import { PINNED } from "../../src/cli/runtime.ts";
import { ROOT } from "./source.ts";

Deno.test("Makefile and CI fetch the pinned Deno", async () => {
  const makefile = await Deno.readTextFile(join(ROOT, "Makefile"));
  assert.match(makefile, new RegExp(`^DENO_VERSION = ${PINNED.replaceAll(".", "\\.")}$`, "m"));
  assert.ok((await Deno.readTextFile(join(ROOT, ".ci/run"))).includes(`npx -y deno@${PINNED})`));
});
