/** Transports for Mailgun tests. */

import assert from "node:assert/strict";
import {
  createMailgunTransport,
  type MailgunDeps,
  type MailgunOptions,
} from "../mailgun/transport.ts";
import type { MailTransport, Receipt, Refusal } from "../transport.ts";

export const KEY = "key-s3cret";

/** A transport for the domain `mg.example.org` with {@linkcode KEY}. */
export function mailgunTransport(
  baseUrl: string,
  options: Partial<MailgunOptions> = {},
  deps: MailgunDeps = {},
): MailTransport {
  const privateKey = () => Promise.resolve(KEY);
  return createMailgunTransport(
    { domain: "mg.example.org", privateKey, baseUrl, maxConnections: 3, ...options },
    { timeoutMs: 5000, ...deps },
  );
}

/** Fails unless the mail was refused with this category and retry class, in one line, without key. */
export function assertMailgunRefused(receipt: Receipt, verdict: string): Refusal {
  assert.ok(!receipt.ok, `accepted, not ${verdict}`);
  assert.equal(`${receipt.category} ${receipt.retry}`, verdict, receipt.error);
  assert.match(receipt.error, /^Cannot send mail through Mailgun 'http:[^\r\n]*$/);
  assert.doesNotMatch(receipt.error, /s3cret/);
  return receipt;
}
