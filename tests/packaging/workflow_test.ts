/** GitHub's workflows and what they run. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT } from "./support/build.ts";
import { must, run } from "./support/command.ts";
import { missingPrograms } from "./support/debian.ts";
import { findActionlint } from "./support/tools.ts";

const actionlint = await findActionlint();
const shellcheck = await missingPrograms(["shellcheck"]);
for (const lack of [actionlint, shellcheck]) {
  // deno-lint-ignore no-console -- for developers running the tests
  if (lack?.ok === false) console.warn(`tests of the workflows are skipped: ${lack.why}`);
}

Deno.test({
  name: "actionlint finds nothing in the workflows, nor shellcheck in their commands",
  ignore: !actionlint.ok,
  fn: async () => {
    assert.ok(actionlint.ok);
    const folder = join(ROOT, ".github/workflows");
    const files = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) =>
      join(folder, name)
    );
    assert.ok(files.length >= 2);
    const { ok, stdout } = await run([actionlint.path, "-no-color", ...files], { cwd: ROOT });
    assert.ok(ok, stdout);
  },
});

Deno.test({
  name: "shellcheck finds nothing in the scripts of CI and of releases",
  ignore: shellcheck !== undefined,
  fn: async () => {
    const { stdout } = await run(["shellcheck", ".ci/run", "packaging/release/kind.sh"], {
      cwd: ROOT,
    });
    assert.equal(stdout, "");
  },
});

Deno.test("every action is pinned to a commit", async () => {
  const used = await must(["grep", "-rhoE", "uses: \\S+", join(ROOT, ".github/workflows")]);
  for (const line of used.trim().split("\n")) assert.match(line, /@[0-9a-f]{40}$/);
});
