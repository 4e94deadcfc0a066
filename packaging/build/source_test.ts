import assert from "node:assert/strict";
import { VERSION } from "../../src/version.ts";
import { readSource } from "./source.ts";

Deno.test("readSource() names no commit for a release", async () => {
  const source = await readSource(true, "1769904000");
  assert.deepEqual(source, { version: VERSION, gitRef: "", epoch: 1769904000 });
});

Deno.test("readSource() names the commit and uses its time where there is a repository", async () => {
  const { gitRef, epoch } = await readSource(false, undefined);
  assert.match(gitRef, /^(|[\w.-]+)$/);
  assert.ok(epoch >= 1_577_836_800);
});

Deno.test("readSource() refuses a time that is not a number of seconds", async () => {
  const wrong = /SOURCE_DATE_EPOCH is 'yesterday': it must be seconds/;
  await assert.rejects(readSource(true, "yesterday"), wrong);
});
