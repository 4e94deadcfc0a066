import assert from "node:assert/strict";
import { VERSION } from "../../src/version.ts";
import { readSource } from "./source.ts";

/** Sets `SOURCE_DATE_EPOCH` while `test` runs. */
async function withEpoch(value: string, test: () => Promise<void>): Promise<void> {
  const before = Deno.env.get("SOURCE_DATE_EPOCH");
  Deno.env.set("SOURCE_DATE_EPOCH", value);
  try {
    await test();
  } finally {
    if (before === undefined) Deno.env.delete("SOURCE_DATE_EPOCH");
    else Deno.env.set("SOURCE_DATE_EPOCH", before);
  }
}

Deno.test("readSource() names no commit for a release", async () => {
  await withEpoch("1769904000", async () => {
    assert.deepEqual(await readSource(true), { version: VERSION, gitRef: "", epoch: 1769904000 });
  });
});

Deno.test("readSource() names the commit and takes its time where there is a repository", async () => {
  const { gitRef, epoch } = await readSource(false);
  assert.match(gitRef, /^(|[\w.-]+)$/);
  assert.ok(epoch >= 1_577_836_800);
});

Deno.test("readSource() refuses a time that is no number of seconds", async () => {
  await withEpoch("yesterday", async () => {
    await assert.rejects(readSource(true), /SOURCE_DATE_EPOCH is 'yesterday': it must be seconds/);
  });
});
