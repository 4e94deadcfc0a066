/** What the original loses (original.md §4.1), and this program must not. */

import assert from "node:assert/strict";
import { RequestState } from "../src/teleport/generated/types_pb.ts";
import { ask, dataOf, listen, onStage, tally, textOf, until, untilSettled } from "./support.ts";

const RECIPIENTS = ["a@example.com", "b@example.com", "c@example.com"];
const STAGE = { roleToRecipients: { "*": RECIPIENTS } };

/** Every recipient has got each kind of mail so often. */
function assertTally(actual: Record<string, number>, kinds: Record<string, number>): void {
  const entries = RECIPIENTS.flatMap((to) =>
    Object.entries(kinds).map(([kind, count]) => [`${to} ${kind}`, count] as const)
  );
  assert.deepEqual(actual, Object.fromEntries(entries));
}

Deno.test("Ten requests arrive completely when ten MAIL commands are refused temporarily", async () => {
  await onStage(STAGE, async ({ playground, start }) => {
    await start();
    playground.mail.failNextMails(451, "4.3.0 try again later", 10);
    for (let i = 0; i < 10; i++) ask(playground);
    const mails = await playground.mail.waitForMails(30);
    assertTally(tally(mails), { new: 10 });
  });
});

Deno.test("Ten requests that were made while the program was down arrive completely", async () => {
  await onStage(STAGE, async ({ playground, start }) => {
    const ids = Array.from({ length: 10 }, () => ask(playground));
    await start();
    const mails = await playground.mail.waitForMails(30);
    assertTally(tally(mails), { new: 10 });
    for (const id of ids) await untilSettled(playground, id);
    assert.equal(playground.mail.mails.length, 30);
  });
});

Deno.test("Ten requests that were made in a gap of the stream arrive completely", async () => {
  await onStage(STAGE, async ({ playground, start }) => {
    const plugin = await start();
    playground.auth.dropWatches();
    for (let i = 0; i < 5; i++) ask(playground);
    await playground.mail.waitForMails(15);
    playground.proxy.breakConnections();
    for (let i = 0; i < 5; i++) ask(playground);
    const mails = await playground.mail.waitForMails(30);
    assertTally(tally(mails), { new: 10 });
    const outages = plugin.lines.filter((line) => line.includes("attempting to reconnect"));
    const recoveries = plugin.lines.filter((line) => line.includes("Watcher is connected again"));
    assert.deepEqual([outages.length, recoveries.length], [2, 2]);
  });
});

Deno.test("Decisions that were made while the program was down are sent afterwards", async () => {
  await onStage(STAGE, async ({ playground, start }) => {
    const { cluster, mail } = playground;
    const first = await start();
    const ids = Array.from({ length: 5 }, () => ask(playground));
    await mail.waitForMails(15);
    for (const id of ids) await untilSettled(playground, id);
    assert.equal(await first.stop(), 0);
    const review = { author: "bob", state: RequestState.APPROVED, reason: "ok" };
    for (const id of ids) cluster.review(id, review);
    for (const id of ids.slice(0, 2)) cluster.setState(id, RequestState.APPROVED);
    for (const id of ids.slice(2, 4)) cluster.setState(id, RequestState.DENIED);
    cluster.delete(ids[4] ?? "");
    await start();
    // The review of the request that is gone can no longer be rendered.
    const mails = await mail.waitForMails(15 + 12 + 15);
    assertTally(tally(mails), { new: 5, review: 4, resolution: 5 });
  });
});

Deno.test("start keeps mails during a mail-server outage, and skips requests decided meanwhile", async () => {
  await onStage(STAGE, async ({ playground, start }) => {
    const { cluster, mail } = playground;
    await mail.stop();
    const plugin = await start();
    await plugin.waitFor(/Mail transport is paused/);
    const [open, decided] = [ask(playground), ask(playground)];
    await untilOwed(() => dataOf(playground, open)["owed"] && dataOf(playground, decided)["owed"]);
    cluster.setState(decided, RequestState.DENIED, { reason: "no" });
    await plugin.waitFor(/Mail is superseded/);
    await mail.start();
    const mails = await mail.waitForMails(6, 30_000);
    assertTally(tally(mails), { new: 1, resolution: 1 });
    for (const mail of mails) {
      const isOpen = mail.parsed.subject?.endsWith(open);
      assert.match(textOf(mail), isOpen ? /PENDING$/ : /DENIED \(no\)$/);
    }
    await plugin.waitFor(/Mail transport works again/);
  });
});

Deno.test("Started without its mail server, the program becomes ready on its own and loses nothing", async () => {
  await onStage(STAGE, async (stage) => {
    const { playground, launch } = stage;
    const { mail } = playground;
    await mail.stop();
    const before = ask(playground);
    const url = await listen(stage);
    const status = async () => {
      const response = await fetch(`${url}/readyz`);
      await response.body?.cancel();
      return response.status;
    };
    const plugin = launch();
    await plugin.waitFor(/Mail transport is paused/);
    const meanwhile = ask(playground);
    await untilOwed(() => dataOf(playground, before)["owed"]);
    await untilOwed(() => dataOf(playground, meanwhile)["owed"]);
    assert.equal(await status(), 503);
    await mail.start();
    await until("ready", async () => await status() === 200, 30_000);
    assertTally(tally(await mail.waitForMails(6, 30_000)), { new: 2 });
    for (const id of [before, meanwhile]) await untilSettled(playground, id);
    assert.equal(mail.mails.length, 6);
  });
});

Deno.test("A mail whose acceptance got lost comes again under the same message id", async () => {
  await onStage({ roleToRecipients: { "*": ["a@example.com"] } }, async ({ playground, start }) => {
    await start();
    playground.mail.hangUpAfterData(1);
    const id = ask(playground);
    const [first, second] = await playground.mail.waitForMails(2);
    assert.equal(first?.parsed.messageId, second?.parsed.messageId);
    await untilSettled(playground, id);
    assert.equal(playground.mail.mails.length, 2);
  });
});

Deno.test("A refused recipient delays no other recipient, then or later", async () => {
  await onStage(STAGE, async ({ playground, start }) => {
    const { cluster, mail } = playground;
    mail.denyRecipient("b@example.com", 550, "5.1.1 no such user");
    const plugin = await start();
    const id = ask(playground);
    await mail.waitForMails(2);
    await untilSettled(playground, id);
    const failed = JSON.parse(dataOf(playground, id)["failed"] ?? "[]");
    assert.deepEqual(failed.map(({ to, kind }: { to: string; kind: string }) => [to, kind]), [
      ["b@example.com", "new"],
    ]);
    await plugin.waitFor(
      /ERRO {2}Mail is refused request_id:\S+ email:b@example.com .*no such user/,
    );
    cluster.setState(id, RequestState.APPROVED);
    const mails = await mail.waitForMails(4);
    assert.deepEqual(tally(mails), {
      "a@example.com new": 1,
      "a@example.com resolution": 1,
      "c@example.com new": 1,
      "c@example.com resolution": 1,
    });
  });
});

async function untilOwed(check: () => unknown): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!check()) {
    assert.ok(Date.now() < deadline, "not owed");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
