/** A token endpoint that is away for five minutes in the middle of a burst, with tokens that expire. */

import assert from "node:assert/strict";
import { TokenError } from "../mail/smtp/oauth/error.ts";
import { type AccessToken, TokenSource } from "../mail/smtp/oauth/token_source.ts";
import { smtpRefusal } from "../mail/smtp/receipt.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import type { Mailer } from "./delivery/mailer.ts";
import { mailKey } from "./record/outbox.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";
import { aRequest } from "./testing/fixtures.ts";
import { startReplica } from "./testing/replica.ts";

const MINUTE_MS = 60_000;
const ATTEMPT = {
  target: "mail.test:587",
  secrets: [],
  contentStarted: false,
  expired: false,
  cancelled: false,
};

Deno.test("Five minutes without the token endpoint lose no email of a burst and repeat none", async () => {
  const clock = new FakeClock();
  const cluster = new FakeCluster();
  let [isAway, requests] = [false, 0];
  const tokens = new TokenSource({
    now: () => clock.now(),
    request: (): Promise<AccessToken> => {
      requests++;
      return isAway
        ? Promise.reject(new TokenError("network", "Cannot get an access token: no connection"))
        : Promise.resolve({ value: `token-${requests}`, expiresMs: clock.now() + 2 * MINUTE_MS });
    },
  });
  const accepted: string[] = [];
  // Each email takes a connection of its own, which asks for a token.
  const mailer: Mailer = {
    async send({ id, mail }, signal, mayStart = () => true) {
      const messageId = `${id}/${mailKey(mail)}`;
      try {
        const { expiresMs = 0 } = await tokens.get();
        assert.ok(expiresMs > clock.now(), "the token has expired");
      } catch (error) {
        return { ...smtpRefusal(error, ATTEMPT), messageId };
      }
      if (signal.aborted || !mayStart()) {
        return { ok: false, category: "cancelled", retry: "later", error: "cancelled", messageId };
      }
      accepted.push(messageId);
      return { ok: true, messageId, response: "250 ok" };
    },
  };
  const replica = startReplica(cluster, clock, {
    mailer,
    roleToRecipients: new Map([["*", ["a@x.org", "b@x.org"]]]),
  });
  replica.verify = () => ({ ok: true, messageId: "", response: "250 ok" });
  let asked = 0;
  const minute = async () => {
    for (let i = 0; i < 25; i++) {
      const request = aRequest({ id: `r${asked++}`, createdMs: clock.now() });
      cluster.put(request);
      replica.reconciler.update(request.id, request);
    }
    for (let second = 0; second < 60; second++) await clock.tick(1000);
  };
  for (let i = 0; i < 5; i++) await minute();
  assert.equal(accepted.length, 2 * asked);
  isAway = true;
  const before = requests;
  for (let i = 0; i < 5; i++) {
    await minute();
    // The old token is used as long as it is valid.
    if (i < 2) continue;
    assert.equal(replica.breaker.outage?.category, "network");
    assert.match(replica.breaker.outage?.error ?? "", /Cannot get an access token/);
    assert.ok((replica.breaker.outage?.remedy ?? "").length > 10);
    const { pending, failed } = replica.reconciler.outboxCounts();
    assert.ok(pending > 0);
    assert.equal(failed, 0);
  }
  assert.ok(requests - before < 60, `${requests - before} requests to an endpoint that is away`);
  isAway = false;
  for (let i = 0; i < 10; i++) await minute();
  assert.equal(accepted.length, 2 * asked);
  assert.equal(new Set(accepted).size, 2 * asked);
  assert.equal(replica.breaker.outage, undefined);
  assert.deepEqual(replica.reconciler.outboxCounts(), {
    pending: 0,
    failed: 0,
    oldestMs: undefined,
  });
  replica.drain.abort();
  await replica.reconciler.drain();
});
