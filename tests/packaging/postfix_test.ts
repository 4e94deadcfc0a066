/** The program and Debian's Postfix with Dovecot: logins, restrictions and limits of a real server. */

import assert from "node:assert/strict";
import { ask, dataOf, until, untilSettled } from "../support.ts";
import { fetchPostfix, startPostfix } from "./mta/postfix.ts";
import { ACCOUNT, type MailServer } from "./mta/server.ts";
import { assertOnceEach, delivered, type MtaStage, onMtaStage } from "./mta/stage.ts";

const dir = await Deno.makeTempDir({ prefix: "teleport-email-postfix-" });
Deno.test.afterAll(() => Deno.remove(dir, { recursive: true }));
const postfix = await fetchPostfix(dir);
if (!postfix.ok) {
  // deno-lint-ignore no-console -- for the person who runs the tests
  console.warn(`tests against Postfix are skipped: ${postfix.why}`);
}
const ignore = !postfix.ok;

const RECIPIENTS = ["bob@example.com", "carol@example.org"];

async function onPostfixStage(
  recipients: readonly string[],
  settings: readonly string[],
  test: (stage: MtaStage<MailServer>) => Promise<void>,
): Promise<void> {
  assert.ok(postfix.ok);
  const access = ({ caPem }: MailServer) => ({ caPem });
  await onMtaStage(startPostfix(postfix.root, settings), access, { recipients }, test);
}

Deno.test({
  name: "Postfix with Dovecot's login delivers each of 60 mails of a burst once",
  ignore,
  fn: async () => {
    await onPostfixStage(RECIPIENTS, [], async ({ playground, server, start }) => {
      const plugin = await start();
      const ids = Array.from({ length: 30 }, () => ask(playground));
      for (const id of ids) await untilSettled(playground, id, 60_000);
      assertOnceEach(await delivered(server, 60), ids, RECIPIENTS);
      assert.match(await server.log(), /sasl_method=PLAIN, sasl_username=teleport/);
      assert.ok(!plugin.lines.some((line) => / (WARN|ERRO) /.test(line)), plugin.lines.join("\n"));
    });
  },
});

Deno.test({
  name: "An EHLO name that Postfix refuses at RCPT pauses all mails, names the key, and recovers",
  ignore,
  fn: async () => {
    await onPostfixStage(RECIPIENTS, [], async (stage) => {
      const { playground, server, start, setSmtp } = stage;
      await setSmtp(['hello_name = "localhost"']);
      const plugin = await start();
      const ids = [ask(playground), ask(playground)];
      const line = await plugin.waitFor(/Mail transport is paused/);
      assert.match(line, /504 5\.5\.2 <localhost>: Helo command rejected: need fully-qualified/);
      assert.match(line, /category:configuration/);
      assert.match(line, /smtp\.hello_name/);
      await until("both are owed", () => ids.every((id) => dataOf(playground, id)["owed"]));
      assert.ok(ids.every((id) => dataOf(playground, id)["failed"] === undefined));
      assert.deepEqual(await server.mails(), []);
      await setSmtp(['hello_name = "teleport.example.com"']);
      plugin.signal("SIGHUP");
      for (const id of ids) await untilSettled(playground, id, 60_000);
      assertOnceEach(await delivered(server, 4), ids, RECIPIENTS);
    });
  },
});

Deno.test({
  name: "A login that Dovecot refuses pauses all mails, and recovers with the password's file",
  ignore,
  fn: async () => {
    await onPostfixStage(RECIPIENTS, [], async (stage) => {
      const { playground, server, start, givePassword } = stage;
      await givePassword("not this one");
      const plugin = await start();
      const line = await plugin.waitFor(/Mail transport is paused/);
      assert.match(line, /535 5\.7\.8 Error: authentication failed/);
      assert.match(line, /category:authentication/);
      const id = ask(playground);
      await until("it is owed", () => dataOf(playground, id)["owed"] !== undefined);
      await givePassword(ACCOUNT.password);
      await untilSettled(playground, id, 60_000);
      assertOnceEach(await delivered(server, 2), [id], RECIPIENTS);
      assert.ok(!plugin.lines.join("\n").includes("not this one"));
    });
  },
});

Deno.test({
  name: "Of three recipients Postfix does not know one, and relays for another to nowhere",
  ignore,
  fn: async () => {
    const recipients = ["nobody@example.com", "bob@example.net", "carol@example.org"];
    await onPostfixStage(recipients, [], async ({ playground, server, start }) => {
      const plugin = await start();
      const id = ask(playground);
      const dropped = await plugin.waitFor(/Mail is refused .*nobody@example\.com/);
      assert.match(dropped, /550 5\.1\.1 .*User unknown in virtual mailbox table/);
      await plugin.waitFor(
        /bob@example\.net.*454 4\.7\.1 .*Relay access denied|554 5\.7\.1 .*Relay/,
      );
      const mails = await delivered(server, 1);
      assert.deepEqual(mails.map(({ envelope }) => envelope.to), ["carol@example.org"]);
      await until("the refusal is recorded", () => dataOf(playground, id)["failed"] !== undefined);
      const to = (key: string): readonly string[] =>
        JSON.parse(dataOf(playground, id)[key] ?? "[]").map((mail: { to: string }) => mail.to);
      assert.deepEqual(to("failed"), ["nobody@example.com"]);
      assert.deepEqual(to("owed"), ["bob@example.net"]);
    });
  },
});

Deno.test({
  name: "Postfix' anvil limits connections and rate: mails go slower, and each arrives once",
  ignore,
  fn: async () => {
    const limits = [
      "smtpd_client_connection_count_limit = 2",
      "smtpd_client_message_rate_limit = 25",
      "anvil_rate_time_unit = 2s",
    ];
    await onPostfixStage(RECIPIENTS, limits, async ({ playground, server, start }) => {
      const plugin = await start();
      const ids = Array.from({ length: 30 }, () => ask(playground));
      for (const id of ids) await untilSettled(playground, id, 60_000);
      assertOnceEach(await delivered(server, 60), ids, RECIPIENTS);
      const log = await server.log();
      assert.match(log, /421 4\.7\.0 .*too many connections|Connection concurrency limit exceeded/);
      assert.match(log, /Message delivery request rate limit exceeded/);
      const lines = plugin.lines.filter((line) => / WARN /.test(line));
      assert.match(lines.join("\n"), /Mail service limits sending, mails go slower for a while/);
      assert.ok(lines.length <= 5, lines.join("\n"));
    });
  },
});
