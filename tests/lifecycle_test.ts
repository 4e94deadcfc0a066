/** Being started and told to stop, as an operating system does it. */

import assert from "node:assert/strict";
import { runProgram } from "../sim/playground/plugin_process.ts";
import { ask, dataOf, onStage, until, untilSettled } from "./support.ts";

Deno.test("version and configure answer on stdout with code 0", async () => {
  const version = await runProgram(["version"]);
  assert.deepEqual([version.code, version.stderr], [0, ""]);
  assert.match(version.stdout, /^teleport-email v\d\S* deno\d\S*\n$/);
  const sample = await runProgram(["configure"]);
  assert.deepEqual([sample.code, sample.stderr], [0, ""]);
  assert.match(sample.stdout, /^# Example email plugin configuration TOML file\n/);
});

Deno.test("configure reports a full disk in one line", async () => {
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", '"$0" run -A main.ts configure > /dev/full', Deno.execPath()],
    cwd: new URL("..", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  assert.deepEqual(
    [code, new TextDecoder().decode(stderr)],
    [1, "teleport-email: error: cannot write the output: no space left on device\n"],
  );
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal} ends the program with code 0`, async () => {
    await onStage({}, async ({ start }) => {
      const plugin = await start();
      plugin.signal(signal);
      assert.equal(await plugin.ended(), 0);
      assert.match(plugin.lines.at(-2) ?? "", /INFO {2}Attempting graceful shutdown$/);
      assert.match(plugin.lines.at(-1) ?? "", /INFO {2}Successfully shut down$/);
    });
  });
}

Deno.test("SIGTERM ends a program that cannot reach its cluster or its mail server", async () => {
  await onStage({}, async ({ playground, launch }) => {
    await playground.mail.stop();
    await playground.proxy.stop();
    const plugin = launch();
    await plugin.waitFor(/Cannot reach the cluster/);
    assert.equal(await plugin.stop(), 0);
    await playground.proxy.start();
    const other = launch();
    await other.waitFor(/Mail transport is paused/);
    assert.equal(await other.stop(), 0);
  });
});

Deno.test("SIGTERM lets mails in flight finish, keeps the rest owed and releases the lease", async () => {
  const recipients = Array.from({ length: 30 }, (_, i) => `r${i}@example.com`);
  await onStage({ roleToRecipients: { "*": recipients } }, async ({ playground, start }) => {
    const { mail } = playground;
    const first = await start();
    mail.replyDelayMs = 50;
    const id = ask(playground);
    await mail.waitForMails(3);
    assert.equal(await first.stop(), 0);
    const { owed, owner, email_threads: threads } = dataOf(playground, id);
    assert.equal(owner, undefined);
    const owedCount = JSON.parse(owed ?? "[]").length;
    const left = first.lines.findLast((line) => line.includes("Pending emails"));
    assert.match(left ?? "", new RegExp(`sent after the next start pending_emails:${owedCount}$`));
    assert.equal(owedCount + (threads ?? "").split(",").length, 30);
    assert.equal(mail.mails.length, 30 - owedCount);
    // The next one need not wait for a lease to run out.
    mail.replyDelayMs = 0;
    await start();
    await mail.waitForMails(30, 5000);
    await untilSettled(playground, id);
    assert.equal(new Set(mail.mails.map(({ envelope }) => envelope.to.join())).size, 30);
    assert.equal(mail.mails.length, 30);
  });
});

Deno.test("A second signal cuts off a mail that does not end", async () => {
  await onStage({}, async ({ playground, start }) => {
    const plugin = await start();
    playground.mail.replyDelayMs = 60_000;
    const id = ask(playground, { roles: ["dev"] });
    await untilOwned(() => dataOf(playground, id)["owner"]);
    plugin.signal("SIGTERM");
    await plugin.waitFor(/Attempting graceful shutdown/);
    plugin.signal("SIGTERM");
    assert.equal(await plugin.ended(), 0);
    await plugin.waitFor(/attempting fast shutdown/);
    assert.equal(JSON.parse(dataOf(playground, id)["owed"] ?? "[]").length, 1);
  });
});

Deno.test("A second signal ends the program at once when neither mail server nor cluster answers", async () => {
  await onStage({}, async ({ playground, start }) => {
    const plugin = await start();
    playground.mail.replyDelayMs = 60_000;
    const id = ask(playground, { roles: ["dev"] });
    await untilOwned(() => dataOf(playground, id)["owner"]);
    playground.auth.setDelay("UpdatePluginData", 60_000);
    plugin.signal("SIGTERM");
    await plugin.waitFor(/Attempting graceful shutdown/);
    const startMs = Date.now();
    plugin.signal("SIGTERM");
    assert.equal(await plugin.ended(), 0);
    assert.ok(Date.now() - startMs < 10_000);
  });
});

Deno.test("/readyz reports why the program is not ready, and when it is", async () => {
  await onStage({}, async ({ playground, launch, configure }) => {
    await playground.mail.stop();
    const probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = probe.addr;
    probe.close();
    await configure((text) => `${text}\n[http]\nlisten = "127.0.0.1:${port}"\n`);
    const ready = async () => {
      const response = await fetch(`http://127.0.0.1:${port}/readyz`);
      return `${response.status} ${await response.text()}`;
    };
    const plugin = launch();
    await plugin.waitFor(/Plugin is ready/);
    await plugin.waitFor(/Mail transport is paused/);
    assert.match(await ready(), /^503 mail: .*localhost/);
    await playground.mail.start();
    await plugin.waitFor(/Mail transport works again/);
    // A page is served again for 250 ms, and the transport may come back sooner.
    await until("the page is made again", async () => !(await ready()).startsWith("503 mail: "));
    assert.equal(await ready(), "200 ok\n");
    const second = launch();
    assert.equal(await second.ended(), 1);
    assert.match(second.lines.at(-1) ?? "", /Cannot listen on http\.listen .* already in use/);
  });
});

Deno.test("Logs go to a file in JSON when configured", async () => {
  await onStage({}, async ({ playground, launch, configure }) => {
    const path = `${playground.paths.config}.log`;
    await configure((text) =>
      text.replace('output = "stderr"', `output = "${path}"\nformat = "json"\nseverity = "debug"`)
    );
    const plugin = launch();
    const id = ask(playground, { roles: ["dev"] });
    await playground.mail.waitForMails(1);
    await untilSettled(playground, id);
    assert.equal(await plugin.stop(), 0);
    assert.deepEqual(plugin.lines, []);
    const records = (await Deno.readTextFile(path)).trimEnd().split("\n")
      .map((line) => JSON.parse(line) as Record<string, string>);
    const messages = records.map(({ message }) => message);
    assert.ok(messages.includes("Plugin is ready"));
    const sent = records.find(({ message }) => message === "Successfully sent");
    assert.deepEqual([sent?.["request_id"], sent?.["email"], sent?.["kind"], sent?.["level"]], [
      id,
      "dev-lead@example.com",
      "new threads",
      "info",
    ]);
  });
});

async function untilOwned(check: () => unknown): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!check()) {
    assert.ok(Date.now() < deadline, "no lease was taken");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
