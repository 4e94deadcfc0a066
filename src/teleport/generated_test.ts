import assert from "node:assert/strict";
import { generate } from "./generate.ts";

Deno.test("generated/ matches what `deno task gen` makes of the protos", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await generate(dir);
    const fresh = await fileNames(dir);
    const kept = new URL("./generated/", import.meta.url);
    assert.deepEqual(await fileNames(kept), fresh);
    for (const name of fresh) {
      assert.equal(
        await Deno.readTextFile(new URL(name, kept)),
        await Deno.readTextFile(`${dir}/${name}`),
        `${name} is stale: run 'deno task gen'`,
      );
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

async function fileNames(dir: string | URL): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(dir));
  return entries.map((entry) => entry.name).sort();
}
