/** The program and a mail server of another make (Exim), over real STARTTLS and AUTH. */

import assert from "node:assert/strict";
import { RequestState } from "../../src/teleport/generated/types_pb.ts";
import { ask, dataOf, until, untilSettled } from "../support.ts";
import { type Exim, fetchExim, startExim } from "./mta/exim.ts";
import { ACCOUNT } from "./mta/server.ts";
import { assertOnceEach, delivered, type MtaStage, onMtaStage } from "./mta/stage.ts";

const dir = await Deno.makeTempDir({ prefix: "teleport-email-exim-" });
Deno.test.afterAll(() => Deno.remove(dir, { recursive: true }));
const exim = await fetchExim(dir);
if (!exim.ok) {
  // deno-lint-ignore no-console -- for the person who runs the tests
  console.warn(`tests against Exim are skipped: ${exim.why}`);
}
const ignore = !exim.ok;

const SENDER = "Zugänge, «Größe» & Co.";

/** After such a silence Exim says 421 and hangs up: less than the program keeps a connection. */
const IDLE_SECONDS = 2;

/** By default the eleventh mail of a connection waits for the next run of the queue. */
const NO_QUEUE_LIMIT = "smtp_accept_queue_per_connection = 0";

async function onEximStage(
  recipients: readonly string[],
  test: (stage: MtaStage<Exim> & { readonly exim: Exim }) => Promise<void>,
  settings: readonly string[] = [NO_QUEUE_LIMIT],
): Promise<void> {
  assert.ok(exim.ok);
  await onMtaStage(
    startExim(exim.root, settings),
    ({ caPem }) => ({ caPem }),
    { recipients, sender: `"${SENDER}" <teleport@example.com>` },
    (stage) => test({ ...stage, exim: stage.server }),
  );
}

/** Without line ends at the end, of which transfer adds one. */
function trimmed(text: string | undefined): string {
  return (text ?? "").replace(/\n+$/, "");
}

Deno.test({
  name: "Exim delivers a thread as it was written, after STARTTLS and login",
  ignore,
  fn: async () => {
    const recipients = ["bob@example.com", "carol@example.org"];
    await onEximStage(recipients, async ({ playground, exim, start }) => {
      const { cluster, proxy } = playground;
      await start();
      const reason = [
        "Größe äöü ✅ für «Ñandú» 日本語",
        ".",
        "..two dots, and a long line:",
        "ü".repeat(2000),
        "From the start, trailing blanks   ",
        "=3D is no escape here",
        "x".repeat(1500),
      ].join("\n");
      const user = "jürgen.müller@example.com";
      const id = ask(playground, { user, roles: ["größe", "dba"], reason });
      await delivered(exim, 2);
      cluster.review(id, { author: "rené", state: RequestState.APPROVED, reason: "d'accord ✔" });
      await delivered(exim, 4);
      cluster.setState(id, RequestState.DENIED, { reason: "nein, später.\n." });
      const mails = await delivered(exim, 6);
      await untilSettled(playground, id, 60_000);

      const link = `https://localhost:${proxy.port}/web/requests/${id}`;
      const facts = [
        `ID: ${id}`,
        "Cluster: sim.example.com",
        `User: ${user}`,
        "Role(s): größe,dba",
        `Reason: ${reason}`,
        `Link: ${link}`,
      ];
      for (const recipient of recipients) {
        const own = mails.filter(({ envelope }) => envelope.to === recipient);
        const root = own.find(({ parsed }) => parsed.inReplyTo === undefined);
        const texts = own.map(({ parsed }) => trimmed(parsed.text));
        assert.equal(own.length, 3);
        assert.equal(
          trimmed(root?.parsed.text),
          ["You have a new Role Request:", "", ...facts, "", "Status: ⏳ PENDING"].join("\n"),
        );
        assert.ok(texts.includes(
          [
            "Role Request has been resolved:",
            "",
            ...facts,
            "",
            "Status: ❌ DENIED (nein, später.\n.)",
          ]
            .join("\n"),
        ));
        const review = texts.find((text) => text.startsWith("rené reviewed the request at "));
        assert.match(review ?? "", /\nResolution: ✅ APPROVED\.\nReason: d'accord ✔\.$/);
        assert.match(root?.parsed.html ?? "", /ü{2000}/);
        for (const { parsed, envelope, raw } of own) {
          assert.equal(envelope.from, "teleport@example.com");
          assert.deepEqual(
            [parsed.from?.name, parsed.from?.address],
            [SENDER, "teleport@example.com"],
          );
          assert.deepEqual(parsed.to?.map(({ address }) => address), [recipient]);
          assert.equal(parsed.subject, `sim.example.com Role Request ${id}`);
          assert.match(parsed.messageId ?? "", /^<[0-9a-f]{40}@example\.com>$/);
          assert.match(raw, /^Auto-Submitted: auto-generated$/m);
          assert.match(raw, /^Content-Type: multipart\/alternative;/m);
          assert.ok(parsed.text && parsed.html);
          // RFC 2045 §6.7: no server has to fold or refuse a line.
          assert.ok(raw.split("\n").every((line) => line.length <= 200));
          const isRoot = parsed.messageId === root?.parsed.messageId;
          assert.equal(parsed.inReplyTo, isRoot ? undefined : root?.parsed.messageId);
          const first = root?.parsed.references ?? "";
          assert.match(first, /^<[0-9a-f]{40}@example\.com>$/);
          assert.equal(parsed.references, isRoot ? first : `${first} ${root?.parsed.messageId}`);
        }
        assert.ok(
          dataOf(playground, id)["email_threads"]?.includes(
            root?.parsed.messageId?.slice(1, -1) ?? "none",
          ),
        );
      }
      assert.equal(new Set(mails.map(({ parsed }) => parsed.messageId)).size, 6);
      const taken = (await exim.log()).split("\n").filter((line) => line.includes(" <= "));
      assert.equal(taken.length, 6);
      for (const line of taken) assert.match(line, / X=TLS1\.3:.* A=plain:teleport /);
    });
  },
});

Deno.test({
  name: "A password that Exim refuses pauses all mails, is reported, and recovers with its file",
  ignore,
  fn: async () => {
    await onEximStage(["bob@example.com"], async ({ playground, exim, start, givePassword }) => {
      await givePassword("not this one");
      const plugin = await start();
      const line = await plugin.waitFor(/Mail transport is paused/);
      assert.match(line, /AUTH PLAIN/);
      assert.match(line, /535 Incorrect authentication data/);
      const ids = [ask(playground), ask(playground)];
      await until("both are owed", () => ids.every((id) => dataOf(playground, id)["owed"]));
      await givePassword(ACCOUNT.password);
      await plugin.waitFor(/Mail transport works again/);
      const mails = await delivered(exim, 2);
      for (const id of ids) await untilSettled(playground, id, 60_000);
      assert.equal(mails.length, 2);
      const log = plugin.lines.join("\n");
      assert.ok(!log.includes("not this one") && !log.includes(ACCOUNT.password));
    });
  },
});

Deno.test({
  name: "A recipient that Exim refuses fails permanently, and does not delay the others",
  ignore,
  fn: async () => {
    await onEximStage(
      ["nobody@example.com", "bob@example.com"],
      async ({ playground, exim, start }) => {
        const plugin = await start();
        const id = ask(playground);
        await plugin.waitFor(/Mail is refused .*email:nobody@example\.com.*5\.1\.1 No such user/);
        await untilSettled(playground, id, 60_000);
        const failed = JSON.parse(dataOf(playground, id)["failed"] ?? "[]");
        assert.deepEqual(failed.map(({ to, kind }: Record<string, string>) => [to, kind]), [
          ["nobody@example.com", "new"],
        ]);
        const mails = await delivered(exim, 1);
        assert.deepEqual(mails.map(({ envelope }) => envelope.to), ["bob@example.com"]);
      },
    );
  },
});

Deno.test({
  name: "Exim gets each of 120 mails of a burst once, over a few connections",
  ignore,
  fn: async () => {
    const recipients = ["a@example.com", "b@example.com", "c@example.com"];
    await onEximStage(recipients, async ({ playground, exim, start }) => {
      await start();
      const ids = Array.from({ length: 40 }, () => ask(playground));
      for (const id of ids) await untilSettled(playground, id, 60_000);
      assertOnceEach(await delivered(exim, 120), ids, recipients);
    });
  },
});

Deno.test({
  name:
    "Stock Exim queues nothing by default, and what comes after ten mails of a connection otherwise",
  ignore,
  fn: async () => {
    const recipients = ["a@example.com", "b@example.com", "c@example.com"];
    const burst = async (lines: readonly string[]) => {
      let queued = 0;
      await onEximStage(recipients, async ({ playground, exim, start, setSmtp }) => {
        await setSmtp(["max_connections = 2", ...lines]);
        await start();
        const ids = Array.from({ length: 20 }, () => ask(playground));
        for (const id of ids) await untilSettled(playground, id, 60_000);
        const isTaken = async () => (await exim.log()).match(/ <= /g)?.length === 60;
        await until("Exim has accepted all mails", isTaken, 60_000);
        const log = await exim.log();
        queued = log.match(/no immediate delivery: more than 10 messages/g)?.length ?? 0;
        if (queued > 0) return;
        assertOnceEach(await delivered(exim, 60), ids, recipients);
        assert.equal(await exim.queued(), 0);
      }, []);
      return queued;
    };
    assert.equal(await burst([]), 0);
    assert.ok(await burst(["max_messages_per_connection = 100"]) >= 40);
  },
});

Deno.test({
  name: "A connection that Exim has closed meanwhile is not an error, and costs no mail",
  ignore,
  fn: async () => {
    await onEximStage(["bob@example.com"], async ({ playground, exim, start }) => {
      const plugin = await start();
      await untilSettled(playground, ask(playground));
      const closed = async () => (await exim.log()).includes("SMTP command timeout");
      await until("Exim has hung up", closed, IDLE_SECONDS * 1000 + 10_000);
      await untilSettled(playground, ask(playground));
      assert.equal((await delivered(exim, 2)).length, 2);
      assert.ok(!plugin.lines.some((line) => / (WARN|ERRO) /.test(line)), plugin.lines.join("\n"));
    }, [NO_QUEUE_LIMIT, `smtp_receive_timeout = ${IDLE_SECONDS}s`]);
  },
});
