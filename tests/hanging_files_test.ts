/** SIGTERM while a reload or the start waits for a file that never comes. */

import assert from "node:assert/strict";
import { dirname } from "node:path";
import type { PluginProcess } from "../sim/playground/plugin_process.ts";
import { orAborted } from "../src/abort.ts";
import { ask, onStage, type Stage, until } from "./support.ts";

/** A file that is replaced by a named pipe to which nothing is written. */
interface Hang {
  readonly name: string;
  /** Where it is, given the path of the configuration file. */
  readonly path: (config: string) => string;
  /** Changes the configuration so that it names the pipe. */
  readonly configure: (text: string, pipe: string) => string;
}

const HANGS: readonly Hang[] = [
  {
    name: "the configuration file",
    path: (config) => config,
    configure: (text) => text,
  },
  {
    name: "the identity file",
    path: (config) => `${dirname(config)}/pipe`,
    configure: (text, pipe) => text.replace(/identity = .*/, `identity = "${pipe}"`),
  },
  {
    name: "the password file",
    path: (config) => `${dirname(config)}/pipe`,
    configure: (text, pipe) =>
      text.replace(/^(username|password) = .*\n/gm, "")
        .replace("[smtp]", `[smtp]\nusername = "x"\npassword_file = "${pipe}"`),
  },
  {
    name: "a template",
    path: (config) => `${dirname(config)}/templates/subject.txt`,
    configure: (text, pipe) => `${text}\n[templates]\ndirectory = "${dirname(pipe)}"\n`,
  },
];

/** Puts the pipe in place; `opened` resolves when the program reads it. */
async function block(
  stage: Stage,
  { path, configure }: Omit<Hang, "name">,
): Promise<{ readonly opened: Promise<Deno.FsFile> }> {
  const { config } = stage.playground.paths;
  const pipe = path(config);
  await stage.configure((text) => configure(text, pipe));
  await Deno.mkdir(dirname(pipe), { recursive: true });
  const { success } = await new Deno.Command("mkfifo", { args: [`${pipe}.new`] }).output();
  assert.ok(success);
  await Deno.rename(`${pipe}.new`, pipe);
  // Opening to write waits for the reader.
  const opened = orAborted(Deno.open(pipe, { write: true }), AbortSignal.timeout(30_000));
  return { opened };
}

/** What the process has open (proc(5)). */
async function openFiles({ pid }: PluginProcess): Promise<readonly string[]> {
  const dir = `/proc/${pid}/fd`;
  const entries = await Array.fromAsync(Deno.readDir(dir));
  return await Promise.all(
    entries.map(({ name }) => Deno.readLink(`${dir}/${name}`).catch(() => "")),
  );
}

async function stop(plugin: PluginProcess): Promise<void> {
  const startMs = Date.now();
  assert.equal(await plugin.stop(), 0, plugin.lines.join("\n"));
  const tookMs = Date.now() - startMs;
  assert.ok(tookMs < 10_000, `${tookMs} ms`);
}

Deno.test("A reload that waits for a pipe without a writer lets emails leave, and SIGTERM end it", async () => {
  await onStage({}, async (stage) => {
    const { playground } = stage;
    const plugin = await stage.start();
    // Opening such a pipe waits, and not only reading it.
    await Deno.remove(playground.paths.config);
    await new Deno.Command("mkfifo", { args: [playground.paths.config] }).output();
    plugin.signal("SIGHUP");
    await plugin.waitFor(/Reloading the configuration/);
    ask(playground);
    await playground.mail.waitForMails(1, 30_000);
    await stop(plugin);
  });
});

for (const hang of HANGS) {
  Deno.test(`SIGTERM ends a reload that waits for ${hang.name}`, async () => {
    await onStage({}, async (stage) => {
      const plugin = await stage.start();
      const { opened } = await block(stage, hang);
      plugin.signal("SIGHUP");
      using _ = await opened;
      await stop(plugin);
      assert.match(plugin.lines.at(-1) ?? "", /Successfully shut down$/);
    });
  });

  Deno.test(`SIGTERM ends a start that waits for ${hang.name}`, async () => {
    await onStage({}, async (stage) => {
      const { opened } = await block(stage, hang);
      const plugin = stage.launch();
      using _ = await opened;
      await stop(plugin);
    });
  });
}

Deno.test("SIGTERM ends a program whose renewal of credentials waits for the identity file", async () => {
  await onStage({}, async (stage) => {
    await stage.configure((text) =>
      text.replace(
        "[teleport]",
        '[teleport]\nrefresh_identity = true\nrefresh_identity_interval = "1s"',
      )
    );
    const plugin = await stage.start();
    const identity = /identity = "(.*)"/.exec(
      await Deno.readTextFile(stage.playground.paths.config),
    );
    const path = () => identity?.[1] ?? "";
    const { opened } = await block(stage, { path, configure: (text) => text });
    using _ = await opened;
    // The watch of the directory opens new files for a moment; the renewal reads until the end.
    await until(
      "the renewal reads the file",
      async () => (await openFiles(plugin)).includes(path()),
    );
    await stop(plugin);
  });
});

Deno.test("A log file that is a named pipe is refused at the start and at a reload", async () => {
  await onStage({}, async (stage) => {
    const plugin = await stage.start();
    const pipe = `${dirname(stage.playground.paths.config)}/log`;
    await new Deno.Command("mkfifo", { args: [pipe] }).output();
    await stage.configure((text) => text.replace('output = "stderr"', `output = "${pipe}"`));
    plugin.signal("SIGHUP");
    await plugin.waitFor(/Cannot reload the configuration.*it is a named pipe/);
    await stop(plugin);
    const other = stage.launch();
    assert.equal(await other.ended(), 78);
    assert.match(other.lines.at(-1) ?? "", /log file shared writer: open .*: it is a named pipe/);
  });
});
