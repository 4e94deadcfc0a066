/** Several replicas of the program on one cluster (docs/internals/delivery.md). */

import assert from "node:assert/strict";
import { RequestState } from "../src/teleport/generated/types_pb.ts";
import { ask, dataOf, onStage, tally, until, untilSettled } from "./support.ts";

const RECIPIENTS = ["a@example.com", "b@example.com", "c@example.com"];
const STAGE = { roleToRecipients: { "*": RECIPIENTS } };

Deno.test("Two replicas share the work and send each mail once", async () => {
  await onStage(STAGE, async ({ playground, start }) => {
    const { cluster, mail } = playground;
    const replicas = [await start(), await start()];
    const ids = Array.from({ length: 40 }, () => ask(playground));
    await mail.waitForMails(120);
    for (const id of ids) await untilSettled(playground, id);
    for (const id of ids.slice(0, 10)) cluster.setState(id, RequestState.APPROVED);
    await mail.waitForMails(150);
    for (const id of ids) await untilSettled(playground, id);
    for (const replica of replicas) assert.equal(await replica.stop(), 0);
    const expected = RECIPIENTS.flatMap((to) => [[`${to} new`, 40], [`${to} resolution`, 10]]);
    assert.deepEqual(tally(mail.mails), Object.fromEntries(expected));
  });
});

Deno.test("Two replicas with a backlog behind an unreachable mail server make no calls", async () => {
  await onStage(STAGE, async ({ playground, start }) => {
    const { auth, mail } = playground;
    await mail.stop();
    const replicas = [await start(), await start()];
    for (const replica of replicas) await replica.waitFor(/Mail transport is paused/);
    const ids = Array.from({ length: 20 }, () => ask(playground));
    const isRecorded = (id: string) => dataOf(playground, id)["owed"] !== undefined;
    await until("all mails are owed", () => ids.every(isRecorded));
    const calls = () => [...auth.calls.values()].reduce((sum, count) => sum + count, 0);
    // Who lost a race to record a request still reads what the winner wrote.
    await pause(1000);
    const before = calls();
    await pause(3000);
    assert.equal(calls(), before);
    await mail.start();
    await mail.waitForMails(60, 60_000);
    for (const id of ids) await untilSettled(playground, id);
    assert.deepEqual(
      tally(mail.mails),
      Object.fromEntries(RECIPIENTS.map((to) => [`${to} new`, 20])),
    );
  });
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
