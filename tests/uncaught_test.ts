/** Bugs in the running program: errors that nothing catches. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { ask, dataOf, listen, onStage, until } from "./support.ts";

const BUGS = [`--preload=${fileURLToPath(new URL("./uncaught/bugs.ts", import.meta.url))}`];

Deno.test("An uncaught error finishes the emails being sent, gives leases back and ends with code 70", async () => {
  await onStage({}, async (stage) => {
    const { playground, launch } = stage;
    const url = await listen(stage);
    const plugin = launch([], {}, BUGS);
    await plugin.waitFor(/Plugin is ready/);
    const { mail } = playground;
    ask(playground);
    await mail.waitForMails(1);
    mail.replyDelayMs = 1500;
    const id = ask(playground);
    await mail.waitForMails(2);
    // The server has the second email and does not say so yet.
    plugin.signal("SIGWINCH");
    await plugin.waitFor(/Unexpected error/);
    plugin.signal("SIGWINCH");
    plugin.signal("SIGUSR2");
    await until("errors are counted", async () => {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      return /^teleport_email_uncaught_errors_total 3$/m.test(metrics);
    });
    assert.equal(await plugin.ended(), 70, plugin.lines.join("\n"));
    const { owner, email_threads: threads } = dataOf(playground, id);
    assert.deepEqual([owner, threads === undefined], [undefined, false]);
    assert.equal(mail.mails.length, 2);
    const errors = plugin.lines.filter((line) => !/ (INFO|WARN) /.test(line))
      .map((line) => line.replace(/^.*(?=ERRO)/, "").replace(/ at:.*/, ""));
    assert.deepEqual(errors, [
      `ERRO  Unexpected error, shutting down error:"RangeError: a bug in a callback"`,
      `ERRO  Unexpected error, shutting down error:"a promise that nobody looks at"`,
      "ERRO  Shut down after an unexpected error exit_code:70",
    ]);
  });
});

Deno.test("An uncaught error before there is a log is one line, and ends the program with code 70", async () => {
  await onStage({}, async ({ playground, launch }) => {
    const { config } = playground.paths;
    await Deno.remove(config);
    await new Deno.Command("mkfifo", { args: [config] }).output();
    const plugin = launch([], {}, BUGS);
    // Opening for writing waits for the reader.
    using _ = await Deno.open(config, { write: true });
    plugin.signal("SIGUSR2");
    assert.equal(await plugin.ended(), 70);
    assert.match(
      plugin.lines.join("\n"),
      /^teleport-email: error: Unexpected error: a promise that nobody looks at at .*bugs\.ts:\d+:\d+\)?$/,
    );
  });
});
