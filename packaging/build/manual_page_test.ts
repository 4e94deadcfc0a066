import assert from "node:assert/strict";
import { DEFINITIONS } from "../../src/cli/commands.ts";
import { manualPage } from "./manual_page.ts";

Deno.test("The manual page in packaging is that of the commands as they are ('task man')", async () => {
  const page = new URL("../teleport-email.1", import.meta.url);
  const current = manualPage();
  assert.equal(await Deno.readTextFile(page), current);
  assert.deepEqual(current.split("\n").filter((line) => line.length > 80), []);
  assert.match(current, /^\.SS version$/m);
  assert.match(current, /^\.SS test\\-mail \[options\] <address\.\.\.>$/m);
  assert.match(current, /^\.B \\-c, \\-\\-config <path>$/m);
});

Deno.test("The manual page has a section and an example of every command", () => {
  const page = manualPage().replaceAll("\\-", "-").replace(/\s+/g, " ");
  for (const { name, example } of DEFINITIONS) {
    assert.ok(page.includes(`.SS ${name}`), name);
    assert.ok(page.includes(`Example: ${example}`), example);
  }
});
