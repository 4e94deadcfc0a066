import assert from "node:assert/strict";
import { join } from "node:path";
import { writeChecksums } from "./checksums.ts";

Deno.test("writeChecksums() covers the files of one version, whenever they were built", async () => {
  const dir = await Deno.makeTempDir();
  try {
    for (const name of ["program-v1-b", "program-v1-a", "program-v0-a", "other"]) {
      await Deno.writeTextFile(join(dir, name), "");
    }
    const path = await writeChecksums(dir, "program-v1");
    assert.equal(path, join(dir, "SHA256SUMS"));
    const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const expected = `${empty}  program-v1-a\n${empty}  program-v1-b\n`;
    assert.equal(await Deno.readTextFile(path), expected);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
