import assert from "node:assert/strict";
import { readBytes, readText } from "./read_file.ts";

async function inFolder(test: (path: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(`${dir}/file`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("readText() and readBytes() give what Deno's own functions give", async () => {
  await inFolder(async (path) => {
    const contents = ["", "\ufeffwords\r\n", "Größe ✅".repeat(50_000), "\0"];
    for (const content of contents) {
      await Deno.writeTextFile(path, content);
      assert.equal(await readText(path), await Deno.readTextFile(path));
      assert.deepEqual(await readBytes(path), await Deno.readFile(path));
    }
    await Deno.writeFile(path, new Uint8Array([0x61, 0xff, 0x62]));
    assert.equal(await readText(path), await Deno.readTextFile(path));
  });
});

Deno.test("readText() fails as Deno's own function does", async () => {
  await inFolder(async (path) => {
    await assert.rejects(readText(path), Deno.errors.NotFound);
    await Deno.mkdir(path);
    const own = await Deno.readTextFile(path).catch((error: Error) => error);
    assert.ok(own instanceof Error);
    await assert.rejects(readText(path), { name: own.name });
  });
});

Deno.test("readText() of a named pipe without a writer lets everything else go on", async () => {
  await inFolder(async (path) => {
    await new Deno.Command("mkfifo", { args: [path] }).output();
    let isRead = false;
    const reading = readText(path).finally(() => isRead = true);
    // A turn of the event loop, which would not come.
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(isRead, false);
    await Deno.writeTextFile(path, "words");
    assert.equal(await reading, "words");
  });
});
