/** Threads of mail services that replace the Message-ID, as mail clients group them. */

import assert from "node:assert/strict";
import type { ReceivedMail } from "../sim/mail/mailbox.ts";
import { RequestState } from "../src/teleport/generated/types_pb.ts";
import { ask, dataOf, onStage, untilMailgunHas, untilSettled, useMailgun } from "./support.ts";

const ROLES = { "*": ["bob@example.com"] };

const header = ({ parsed }: ReceivedMail, name: string) =>
  parsed.headers.find(({ key }) => key === name)?.value ?? "";
const ids = (text: string) => text.match(/<[^<>]+>/g) ?? [];

for (const rewritesMessageId of [undefined, "named", "unnamed"] as const) {
  Deno.test(
    `Emails of a request are one thread at a server that ${
      rewritesMessageId === undefined
        ? "keeps the Message-ID"
        : `replaces it (${rewritesMessageId})`
    }`,
    async () => {
      const mail = rewritesMessageId === undefined ? {} : { rewritesMessageId };
      await onStage({ mail, roleToRecipients: ROLES }, async ({ playground, start }) => {
        await start();
        const id = ask(playground);
        await untilSettled(playground, id);
        playground.cluster.review(id, {
          author: "bob",
          state: RequestState.APPROVED,
          reason: "ok",
        });
        await playground.mail.waitForMails(2);
        await untilSettled(playground, id);
        playground.cluster.setState(id, RequestState.APPROVED, { reason: "ok" });
        const mails = await playground.mail.waitForMails(3);
        const [first, ...others] = mails;
        assert.ok(first);
        // One root, which no email has, is in every one of them, the first one included.
        const [root = "", ...rest] = ids(header(first, "references"));
        assert.deepEqual(rest, []);
        assert.match(root, /^<[0-9a-f]{40}@example\.com>$/);
        assert.equal(header(first, "in-reply-to"), "");
        assert.ok(mails.every((mail) => header(mail, "message-id") !== root));
        const ownId = `<${header(first, "x-teleport-email-id")}>`;
        const known = rewritesMessageId === "unnamed" ? ownId : header(first, "message-id");
        for (const mail of others) {
          assert.deepEqual(ids(header(mail, "references")), [...new Set([root, ownId, known])]);
          assert.equal(header(mail, "in-reply-to"), known);
        }
        // The id that the server has named is in the plugin data.
        assert.ok(dataOf(playground, id)["email_threads"]?.includes(known.slice(1, -1)));
        const own = mails.map((mail) => header(mail, "x-teleport-email-id"));
        assert.equal(new Set(own).size, 3);
        const isKept = rewritesMessageId === undefined;
        assert.equal(
          mails.every((mail, i) => header(mail, "message-id") === `<${own[i]}>`),
          isKept,
        );
      });
    },
  );
}

Deno.test("Emails of a request are one thread at Mailgun, under its own ids, too", async () => {
  for (const ignoreMessageId of [false, true]) {
    await onStage({ roleToRecipients: ROLES }, async (stage) => {
      const { playground } = stage;
      playground.mailgun.ignoreMessageId = ignoreMessageId;
      await useMailgun(stage);
      await stage.start();
      const id = ask(playground);
      await untilMailgunHas(playground, 1);
      await untilSettled(playground, id);
      playground.cluster.setState(id, RequestState.DENIED, { reason: "no" });
      await untilMailgunHas(playground, 2);
      const [first, last] = playground.mailgun.messages;
      const field = (message: typeof first, name: string) => message?.fields.get(name)?.[0] ?? "";
      const [root = ""] = ids(field(first, "h:References"));
      const theirs = `<${first?.id.replace(/^<|>$/g, "")}>`;
      const ours = `<${field(first, "h:X-Teleport-Email-Id")}>`;
      assert.deepEqual(ids(field(last, "h:References")), [...new Set([root, ours, theirs])]);
      assert.equal(field(last, "h:In-Reply-To"), theirs);
      assert.equal(ours === theirs, !ignoreMessageId);
    });
  }
});
