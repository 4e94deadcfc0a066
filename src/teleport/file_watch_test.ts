import assert from "node:assert/strict";
import { fakeLog } from "../testing/fake_log.ts";
import { watchFile } from "./file_watch.ts";

const LONG_MS = 10_000;

/** Changes a folder until the watch has noticed; whether it did. */
async function notices(path: string, change: () => Promise<void>): Promise<boolean> {
  const stop = new AbortController();
  const changed = watchFile(path, fakeLog())(stop.signal);
  // The system takes a moment to begin; one change is enough then.
  await new Promise((resolve) => setTimeout(resolve, 50));
  await change();
  const limit = setTimeout(() => stop.abort(), LONG_MS);
  await changed;
  clearTimeout(limit);
  return !stop.signal.aborted;
}

async function inFolder(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("watchFile() detects a file that is written in place, and one that is renamed over it", async () => {
  await inFolder(async (dir) => {
    const path = `${dir}/identity`;
    await Deno.writeTextFile(path, "one");
    assert.ok(await notices(path, () => Deno.writeTextFile(path, "two")));
    await Deno.writeTextFile(`${dir}/new`, "three");
    assert.ok(await notices(path, () => Deno.rename(`${dir}/new`, path)));
  });
});

Deno.test("watchFile() detects the link that Kubernetes replaces beside the file", async () => {
  await inFolder(async (dir) => {
    for (const version of ["1", "2"]) {
      await Deno.mkdir(`${dir}/${version}`);
      await Deno.writeTextFile(`${dir}/${version}/identity`, version);
    }
    await Deno.symlink("1", `${dir}/..data`);
    await Deno.symlink("..data/identity", `${dir}/identity`);
    const swap = async () => {
      await Deno.symlink("2", `${dir}/..data_tmp`);
      await Deno.rename(`${dir}/..data_tmp`, `${dir}/..data`);
      await Deno.remove(`${dir}/1`, { recursive: true });
    };
    assert.ok(await notices(`${dir}/identity`, swap));
    assert.equal(await Deno.readTextFile(`${dir}/identity`), "2");
  });
});

Deno.test("watchFile() is not blocked by a named pipe beside the file", async () => {
  await inFolder(async (dir) => {
    const path = `${dir}/identity`;
    await Deno.writeTextFile(path, "one");
    const makePipe = () => new Deno.Command("mkfifo", { args: [`${dir}/pipe`] }).output();
    assert.ok(
      await notices(path, async () => {
        await makePipe();
        await Deno.writeTextFile(path, "two");
      }),
    );
    assert.ok(await notices(path, () => Deno.writeTextFile(path, "three")));
  });
});

Deno.test("watchFile() relies on the caller's interval where the file cannot be watched", async () => {
  const stop = new AbortController();
  const log = fakeLog();
  const changed = watchFile("/nonexistent/identity", log)(stop.signal);
  stop.abort();
  await changed;
  assert.deepEqual(log.lines.map(({ level }) => level), ["debug"]);
});
