/** Programs that end without a word (docs/internals/delivery.md). */

import assert from "node:assert/strict";
import type { PluginProcess } from "../../sim/playground/plugin_process.ts";
import { ask, onStage, type Stage, until, untilSettled } from "../support.ts";

const RECIPIENTS = ["a@example.com", "b@example.com", "c@example.com"];
/** The lease of a killed program runs out after 20 s; 5 s more count for clocks that differ. */
const LEASE_MS = 45_000;

/** Kills the program in the middle of the mails and checks that every mail comes all the same. */
async function killInTheMiddle(
  { playground }: Stage,
  plugin: PluginProcess,
  { requests, mailsBefore, goOn }: {
    readonly requests: number;
    readonly mailsBefore: number;
    readonly goOn: () => Promise<unknown>;
  },
): Promise<void> {
  const { mail } = playground;
  mail.replyDelayMs = 30;
  const ids = Array.from({ length: requests }, () => ask(playground));
  await mail.waitForMails(mailsBefore);
  plugin.signal("SIGKILL");
  assert.equal(await plugin.ended(), 137);
  mail.replyDelayMs = 0;
  await goOn();
  const total = requests * RECIPIENTS.length;
  const sent = () => new Set(mail.mails.map(({ parsed }) => parsed.messageId)).size;
  await until("every mail has come", () => sent() === total, LEASE_MS);
  for (const id of ids) await untilSettled(playground, id);
  assert.equal(sent(), total);
  // Ten mails were on their way, and others of their requests may just have been accepted.
  const repeated = mail.mails.length - total;
  assert.ok(repeated <= Math.min(30, mailsBefore + 10), `${repeated} repeated`);
}

Deno.test("What a killed program leaves behind is sent by the next, or by another", async () => {
  const options = { roleToRecipients: { "*": RECIPIENTS } };
  // Side by side, because both wait for leases to run out.
  await Promise.all([
    onStage(options, async (stage) => {
      const alone = await stage.start();
      await killInTheMiddle(stage, alone, { requests: 4, mailsBefore: 4, goOn: stage.start });
    }),
    onStage(options, async (stage) => {
      const [killed] = [await stage.start(), await stage.start()];
      const goOn = () => Promise.resolve();
      await killInTheMiddle(stage, killed, { requests: 40, mailsBefore: 30, goOn });
    }),
  ]);
});
