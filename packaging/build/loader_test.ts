import assert from "node:assert/strict";
import { join } from "node:path";
import { CODE_CACHE, LOADER, LOADER_NAME, recorder, SCRIPT, scriptOf } from "./loader.ts";

/** A script that says a word of three letters: V8 compares the length of scripts only. */
const saying = (word: string) =>
  scriptOf(`
    const { EOL } = require("node:os");
    Deno.stdout.writeSync(new TextEncoder().encode("${word}" + EOL));
    Deno.exit(3);
  `);

/** Runs a loader in `dir`; returns what the script says. */
async function run(dir: string, loader: string): Promise<string> {
  await Deno.writeTextFile(join(dir, LOADER_NAME), loader);
  const flags = ["--no-config", "--allow-read", `--allow-write=${dir}`];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, join(dir, LOADER_NAME)],
  }).output();
  assert.equal(code, 3, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("The loader runs the script, whatever the code cache beside it is", async () => {
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-loader-" });
  try {
    const cache = join(dir, CODE_CACHE);
    await Deno.writeTextFile(join(dir, SCRIPT), saying("one"));
    assert.equal(await run(dir, LOADER), "one", "without one");
    assert.equal(await run(dir, recorder(cache)), "one");
    const recorded = await Deno.readFile(cache);
    assert.equal(await run(dir, LOADER), "one", "with its own");
    await Deno.writeTextFile(join(dir, SCRIPT), saying("two"));
    assert.equal(await run(dir, LOADER), "two", "with that of another script");
    await Deno.writeTextFile(join(dir, SCRIPT), saying("one"));
    for (let at = 0; at < recorded.length; at += Math.ceil(recorded.length / 5)) {
      const damaged = recorded.with(at, (recorded[at] ?? 0) ^ 0xff);
      await Deno.writeFile(cache, damaged);
      assert.equal(await run(dir, LOADER), "one", `with one that is damaged at ${at}`);
    }
    await Deno.writeFile(cache, recorded.subarray(0, 5));
    assert.equal(await run(dir, LOADER), "one", "with one that is cut off");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
