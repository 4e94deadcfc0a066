/** SIGHUP: new configuration, templates, secrets and log files without a restart. */

import assert from "node:assert/strict";
import type { PluginProcess } from "../sim/playground/plugin_process.ts";
import {
  ask,
  dataOf,
  mailsTo,
  onStage,
  tally,
  textOf,
  until,
  untilMailgunHas,
  untilSettled,
  useMailgun,
} from "./support.ts";

const IN_USE = /The new configuration is in use/;
const REFUSED = /ERRO {2}Cannot reload the configuration, the one in use stays/;

/** Waits until so many lines match. */
async function untilLogged(plugin: PluginProcess, pattern: RegExp, count = 1): Promise<string[]> {
  const found = () => plugin.lines.filter((line) => pattern.test(line));
  await until(`${pattern} is logged ${count} times`, () => found().length >= count);
  return found();
}

Deno.test("Reloads in the middle of 60 mails lose none and send none twice", async () => {
  const recipients = ["a@example.com", "b@example.com", "c@example.com"];
  await onStage({ roleToRecipients: { "*": recipients } }, async ({ playground, start }) => {
    const { mail } = playground;
    const plugin = await start();
    mail.replyDelayMs = 20;
    const ids: string[] = [];
    for (let reloads = 1; reloads <= 4; reloads++) {
      for (let i = 0; i < 5; i++) ids.push(ask(playground));
      await mail.waitForMails(ids.length - 4);
      plugin.signal("SIGHUP");
      await untilLogged(plugin, IN_USE, reloads);
    }
    await mail.waitForMails(60, 30_000);
    for (const id of ids) await untilSettled(playground, id);
    assert.deepEqual(tally(mail.mails), {
      "a@example.com new": 20,
      "b@example.com new": 20,
      "c@example.com new": 20,
    });
    assert.equal(new Set(mail.mails.map(({ parsed }) => parsed.messageId)).size, 60);
  });
});

Deno.test("Several SIGHUPs in a row are one reload, or one more", async () => {
  await onStage({}, async ({ playground, start }) => {
    const plugin = await start();
    for (let i = 0; i < 10; i++) plugin.signal("SIGHUP");
    await untilLogged(plugin, IN_USE);
    ask(playground);
    await playground.mail.waitForMails(1);
    assert.equal(await plugin.stop(), 0);
    const reloads = plugin.lines.filter((line) => IN_USE.test(line)).length;
    assert.ok(reloads <= 3, `${reloads} reloads`);
  });
});

Deno.test("A broken file keeps the old configuration in use and names every broken key", async () => {
  await onStage({}, async ({ playground, start, configure }) => {
    const plugin = await start();
    const good = await Deno.readTextFile(playground.paths.config);
    await configure((text) =>
      text.replace('host = "localhost"', "").replace('output = "stderr"', 'severity = "loud"')
    );
    plugin.signal("SIGHUP");
    const lines = await untilLogged(plugin, REFUSED, 2);
    assert.match(lines.join("\n"), /smtp\.host/);
    assert.match(lines.join("\n"), /log\.severity|severity/);
    ask(playground);
    await playground.mail.waitForMails(1);
    await configure(() => good);
    plugin.signal("SIGHUP");
    await untilLogged(plugin, IN_USE);
    ask(playground);
    await playground.mail.waitForMails(2);
  });
});

Deno.test("Files that the configuration names are refused in the same way", async () => {
  await onStage({}, async ({ playground, start, configure }) => {
    const plugin = await start();
    const good = await Deno.readTextFile(playground.paths.config);
    const refusals = [
      [(text: string) => `${text}\n[templates]\ndirectory = "/nonexistent/t"\n`, /nonexistent\/t/],
      [(text: string) => text.replace('"stderr"', '"/nonexistent/log"'), /nonexistent\/log/],
      [(text: string) => text.replace(/identity = .*/, 'identity = "/nonexistent/i"'), /istent\/i/],
      [(text: string) => text.replace(/addr = .*/, 'addr = "127.0.0.1:1"'), /127\.0\.0\.1:1'/],
      [
        (text: string) => `${text}\n[http]\nlisten = "127.0.0.1:${playground.mail.port}"\n`,
        /already in use/,
      ],
    ] as const;
    let count = 0;
    for (const [change, reason] of refusals) {
      await configure(() => change(good));
      plugin.signal("SIGHUP");
      const lines = await untilLogged(plugin, REFUSED, ++count);
      assert.match(lines.at(-1) ?? "", reason);
    }
    ask(playground);
    await playground.mail.waitForMails(1);
  });
});

Deno.test("Changed recipients apply to new requests; unchanged parts are kept", async () => {
  await onStage({}, async ({ playground, launch, configure }) => {
    const { cluster, mail } = playground;
    const plugin = launch(["--debug"]);
    await plugin.waitFor(/Plugin is ready/);
    const old = ask(playground, { roles: ["dev"] });
    await mail.waitForMails(1);
    await untilSettled(playground, old);
    await configure((text) => text.replace("dev-lead@example.com", "boss@example.com"));
    plugin.signal("SIGHUP");
    await untilLogged(plugin, IN_USE);
    ask(playground, { roles: ["dev"] });
    cluster.delete(old);
    await mail.waitForMails(3);
    assert.deepEqual(tally(mail.mails), {
      "dev-lead@example.com new": 1,
      "dev-lead@example.com resolution": 1,
      "boss@example.com new": 1,
    });
    assert.equal(plugin.lines.filter((line) => /Connected to the cluster/.test(line)).length, 1);
  });
});

Deno.test("A changed mail, cluster, template or log section is applied", async () => {
  await onStage({}, async (stage) => {
    const { playground, launch, configure } = stage;
    const { auth, mail, mailgun, paths, proxy } = playground;
    const plugin = launch(["--debug"]);
    await plugin.waitFor(/Plugin is ready/);
    const templates = await Deno.makeTempDir({ dir: paths.config.replace(/[^/]+$/, "") });
    await Deno.writeTextFile(`${templates}/subject.txt`, "Please look at {{ id }}");
    const log = `${templates}/plugin.log`;
    await useMailgun(stage);
    await configure((text) =>
      `${text}\n[templates]\ndirectory = "${templates}"\n`
        .replace(proxy.address, auth.address).replace('"stderr"', `"${log}"`)
    );
    plugin.signal("SIGHUP");
    await untilInFile(log, IN_USE);
    const id = ask(playground, { roles: ["dev"] });
    await untilMailgunHas(playground, 1);
    assert.deepEqual(mailgun.messages[0]?.fields.get("subject"), [`Please look at ${id}`]);
    assert.equal(mail.mails.length, 0);
    // The log file is moved away, as logrotate does it.
    await Deno.rename(log, `${log}.1`);
    plugin.signal("SIGHUP");
    await untilInFile(log, IN_USE);
    assert.equal(await plugin.stop(), 0);
    assert.match(await Deno.readTextFile(log), /Successfully shut down\n$/);
  });
});

Deno.test("A reload opens the log again even if the new configuration is broken", async () => {
  await onStage({}, async ({ playground, launch, configure }) => {
    const log = `${playground.paths.config}.log`;
    await configure((text) => text.replace('"stderr"', `"${log}"`));
    const plugin = launch();
    await untilInFile(log, /Plugin is ready/);
    await Deno.rename(log, `${log}.1`);
    await configure((text) => text.replace('host = "localhost"', ""));
    plugin.signal("SIGHUP");
    await untilInFile(log, /Cannot reload the configuration.*smtp\.host/);
    assert.doesNotMatch(await Deno.readTextFile(`${log}.1`), /Cannot reload/);
  });
});

async function untilInFile(path: string, pattern: RegExp): Promise<void> {
  await until(
    `${pattern} is in ${path}`,
    async () => pattern.test(await Deno.readTextFile(path).catch(() => "")),
  );
}

Deno.test("A reload uses renewed credentials at once", async () => {
  await onStage({}, async ({ playground, start }) => {
    const plugin = await start();
    await playground.renew();
    plugin.signal("SIGHUP");
    await plugin.waitFor(/Credentials were renewed/);
    await untilLogged(plugin, IN_USE);
    ask(playground);
    await playground.mail.waitForMails(1);
  });
});

Deno.test("A SIGHUP while the cluster is silent leads to the file at that time", async () => {
  await onStage({}, async ({ playground, launch, configure }) => {
    const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const good = await Deno.readTextFile(playground.paths.config);
    await configure((text) =>
      text.replace(playground.proxy.address, `127.0.0.1:${silent.addr.port}`)
    );
    const plugin = launch();
    await plugin.waitFor(/Credentials are valid/);
    await configure(() => good);
    plugin.signal("SIGHUP");
    await plugin.waitFor(/Plugin is ready/);
    const id = ask(playground, { roles: ["dev"] });
    const [mail] = await playground.mail.waitForMails(1);
    assert.ok(mail !== undefined && textOf(mail).includes(id));
    await untilSettled(playground, id);
    assert.equal(dataOf(playground, id)["owner"], undefined);
    assert.equal(mailsTo(playground.mail.mails, "dev-lead@example.com").length, 1);
    silent.close();
  });
});
