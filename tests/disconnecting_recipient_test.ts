/** A mail server that disconnects at one recipient: only that email waits. */

import assert from "node:assert/strict";
import type { MailServer } from "../sim/mail/mail_server.ts";
import { ask, listen, mailsTo, onStage, until } from "./support.ts";

const BAD = "bad@example.com";

const DISCONNECTIONS: Readonly<Record<string, (mail: MailServer) => void>> = {
  "says 421": (mail) => mail.denyRecipient(BAD, 421, "4.3.2 Closing connection"),
  "resets the connection": (mail) => mail.disconnectAt(BAD),
};

for (const [what, disconnect] of Object.entries(DISCONNECTIONS)) {
  Deno.test(`A mail server that ${what} at one recipient delays no other email`, async () => {
    await onStage({ roleToRecipients: { "*": ["all@example.com"] } }, async (stage) => {
      const { playground, start } = stage;
      const { mail } = playground;
      const url = await listen(stage);
      disconnect(mail);
      const plugin = await start();
      ask(playground, { reviewers: [BAD] });
      await until("the good recipient has its email", () => mail.mails.length === 1);
      const attempts = async () => {
        const status = await (await fetch(`${url}/status`)).json();
        return status.pending.emails[0]?.attempts ?? 0;
      };
      // Nothing else is sent meanwhile: the transport has to prove healthy on its own.
      await until("its failures count", async () => await attempts() >= 3, 30_000);
      const ready = await fetch(`${url}/readyz`);
      assert.deepEqual([ready.status, await ready.text()], [200, "ok\n"]);
      const startMs = Date.now();
      ask(playground);
      await until("another email", () => mailsTo(mail.mails, "all@example.com").length === 2);
      assert.ok(Date.now() - startMs < 3_000, "another email was delayed");
      assert.ok(!plugin.lines.some((line) => line.includes("Mail transport is paused")));
      mail.clearFaults();
      mail.allowRecipient(BAD);
      await until("the email itself", () => mailsTo(mail.mails, BAD).length === 1, 60_000);
    });
  });
}
