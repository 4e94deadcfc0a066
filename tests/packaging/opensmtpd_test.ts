/** The program and Debian's OpenSMTPD, as a relay on the same machine without login. */

import assert from "node:assert/strict";
import { ask, dataOf, until, untilSettled } from "../support.ts";
import { fetchOpenSmtpd, startOpenSmtpd } from "./mta/opensmtpd.ts";
import { assertOnceEach, delivered, onMtaStage } from "./mta/stage.ts";

const dir = await Deno.makeTempDir({ prefix: "teleport-email-opensmtpd-" });
Deno.test.afterAll(() => Deno.remove(dir, { recursive: true }));
const opensmtpd = await fetchOpenSmtpd(dir);
if (!opensmtpd.ok) {
  // deno-lint-ignore no-console -- for the person who runs the tests
  console.warn(`tests against OpenSMTPD are skipped: ${opensmtpd.why}`);
}
const ignore = !opensmtpd.ok;

const RECIPIENTS = ["bob@example.com", "carol@example.com"];

Deno.test({
  name: "OpenSMTPD delivers each of 60 mails of a burst once, in clear text without login",
  ignore,
  fn: async () => {
    assert.ok(opensmtpd.ok);
    const starting = startOpenSmtpd(opensmtpd.root);
    await onMtaStage(starting, () => "clear text", { recipients: RECIPIENTS }, async (stage) => {
      const { playground, server, start } = stage;
      const plugin = await start();
      const ids = Array.from({ length: 30 }, () => ask(playground));
      for (const id of ids) await untilSettled(playground, id, 60_000);
      assertOnceEach(await delivered(server, 60), ids, RECIPIENTS);
      assert.ok(!plugin.lines.some((line) => / ERRO |paused/.test(line)), plugin.lines.join("\n"));
    });
  },
});

Deno.test({
  name: "A recipient that OpenSMTPD refuses without a reason waits, and does not delay the others",
  ignore,
  fn: async () => {
    assert.ok(opensmtpd.ok);
    const recipients = ["bob@example.com", "bob@example.net", "nobody@example.com"];
    const starting = startOpenSmtpd(opensmtpd.root);
    await onMtaStage(starting, () => "clear text", { recipients }, async (stage) => {
      const { playground, server, start } = stage;
      const plugin = await start();
      const id = ask(playground);
      // It has the same words for a domain that it does not relay to.
      await plugin.waitFor(/bob@example\.net.*550 Invalid recipient.*category:policy/);
      await plugin.waitFor(/nobody@example\.com.*524 5\.2\.4 Mailing list.*category:policy/);
      const mails = await delivered(server, 1);
      assert.deepEqual(mails.map(({ envelope }) => envelope.to), ["bob@example.com"]);
      await until("the others are owed", () => {
        const owed = JSON.parse(dataOf(playground, id)["owed"] ?? "[]");
        return owed.length === 2;
      });
      assert.equal(dataOf(playground, id)["failed"], undefined);
    });
  },
});

Deno.test({
  name: "STARTTLS that OpenSMTPD breaks off pauses all mails, which leave when it is repaired",
  ignore,
  fn: async () => {
    assert.ok(opensmtpd.ok);
    const starting = startOpenSmtpd(opensmtpd.root, { tls: true });
    await onMtaStage(starting, () => "clear text", { recipients: RECIPIENTS }, async (stage) => {
      const { playground, server, start, configure } = stage;
      await configure((text) => text.replace('"disabled"', '"opportunistic"'));
      const plugin = await start();
      const id = ask(playground);
      const line = await plugin.waitFor(/Mail transport is paused/);
      assert.match(line, /category:tls/);
      await until("it is owed", () => dataOf(playground, id)["owed"] !== undefined);
      assert.deepEqual(await server.mails(), []);
      await configure((text) => text.replace('"opportunistic"', '"disabled"'));
      plugin.signal("SIGHUP");
      await untilSettled(playground, id, 60_000);
      assertOnceEach(await delivered(server, 2), [id], RECIPIENTS);
    });
  },
});
