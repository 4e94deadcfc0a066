/** A provider that refuses everything for an hour, in the words of real ones, and works again. */

import assert from "node:assert/strict";
import { smtpRefusal } from "../mail/smtp/receipt.ts";
import type { Refusal } from "../mail/transport.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";
import { aRequest } from "./testing/fixtures.ts";
import { startReplica } from "./testing/replica.ts";

const RECIPIENTS = ["a@x.org", "b@x.org", "c@x.org", "d@x.org", "e@x.org"];

/** The refusal as the transport makes it of a reply at this step. */
function refusalOf(command: string, reply: string, to: string): Refusal {
  const error = Object.assign(new Error("refused"), {
    code: command === "DATA" ? "EMESSAGE" : "EENVELOPE",
    command,
    response: reply,
    responseCode: Number(reply.slice(0, 3)),
  });
  return smtpRefusal(error, {
    target: "mail.test:587",
    secrets: [],
    contentStarted: false,
    expired: false,
    cancelled: false,
    addresses: ["noreply@example.org", to],
  });
}

const OUTAGES:
  readonly (readonly [report: string, command: string, reply: (to: string) => string])[] = [
    [
      "EHLO name",
      "RCPT TO",
      () => "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname",
    ],
    ["EHLO name", "RCPT TO", () => "554 5.7.1 <localhost>: Helo command rejected: Access denied"],
    [
      "EHLO name",
      "RCPT TO",
      () => "501 5.5.2 <https://x.example>: Helo command rejected: Invalid name",
    ],
    [
      "daily limit",
      "DATA",
      () => "550-5.4.5 Daily user sending limit exceeded.\r\n550 5.4.5 go to",
    ],
    ["rate", "DATA", () => "550 5.7.0 Requested action not taken: too many emails per second"],
    [
      "outgoing messages",
      "DATA",
      () =>
        "554 5.7.0 Your message could not be sent. The limit on the number of allowed outgoing " +
        "messages was exceeded. Try again later.",
    ],
    [
      "cPanel",
      "RCPT TO",
      () => "550 Domain x has exceeded the max emails per hour (250/250 (100%)) allowed.",
    ],
    [
      "hosted account",
      "RCPT TO",
      (to) =>
        `550 User ${to} has exceeded its 24-hour sending limit. Messages to 250 recipients out of ` +
        "250 allowed have been sent. Relay quota will reset in 1.53 hours.",
    ],
    [
      "DMARC",
      "DATA",
      () => "550 5.7.509 Access denied, sending domain [x] does not pass DMARC verification",
    ],
    ["SPF", "RCPT TO", (to) => `550 5.7.23 <${to}>: Recipient address rejected: SPF fail`],
    ["no reason", "RCPT TO", (to) => `550 <${to}>: no`],
    ["connections", "MAIL FROM", () => "421 Too many concurrent SMTP connections"],
  ];

for (const [index, [report, command, reply]] of OUTAGES.entries()) {
  Deno.test(`An hour of refusals loses nothing and names cause and cure (${index + 1}, ${report})`, async () => {
    const clock = new FakeClock();
    const cluster = new FakeCluster();
    const replica = startReplica(cluster, clock, {
      roleToRecipients: new Map([["*", RECIPIENTS]]),
    });
    const { reconciler, mailer, breaker } = replica;
    mailer.respond = ({ mail }) => refusalOf(command, reply(mail.to), mail.to);
    for (let i = 0; i < 4; i++) {
      const request = aRequest({ id: `r${i}`, createdMs: clock.now() });
      cluster.put(request);
      reconciler.update(request.id, request);
    }
    for (let minute = 0; minute < 60; minute++) {
      await clock.tick(60_000);
      const outbox = reconciler.outbox();
      assert.equal(
        outbox.reduce((count, { owed }) => count + owed.length, 0),
        4 * RECIPIENTS.length,
      );
      assert.ok(outbox.every(({ failed }) => failed.length === 0));
      const { outage } = breaker;
      assert.ok(outage, `minute ${minute}`);
      assert.match(outage.error, /SMTP server 'mail\.test:587'/);
      assert.notEqual(outage.category, "recipient");
      assert.ok((outage.remedy ?? "").length > 10);
    }
    // Everything waits: the provider is asked a few times, not some thousand.
    assert.ok(mailer.attempts.length < 1000, `${mailer.attempts.length} attempts`);
    mailer.respond = () => undefined;
    for (let minute = 0; minute < 60; minute++) await clock.tick(60_000);
    assert.equal(new Set(mailer.accepted).size, 4 * RECIPIENTS.length);
    assert.equal(mailer.accepted.length, 4 * RECIPIENTS.length);
    assert.equal(breaker.outage, undefined);
    replica.drain.abort();
    await reconciler.drain();
  });
}
