/** Message-IDs that a repeat of the same mail has again (design §3). */

import { createHash } from "node:crypto";

/** What makes a mail the mail it is. */
export interface MailIdentity {
  readonly requestId: string;
  /** `new`, `review`, `resolution`, `requester`, ... */
  readonly kind: string;
  /** Number of the review; 0 for kinds that occur once. */
  readonly index: number;
  readonly recipient: string;
  /** The sender's domain: never the host's name, which recipients should not learn (original.md D25). */
  readonly domain: string;
}

/** 160 bits in hexadecimal: no collisions, and well below the line limit of RFC 5322 §2.1.1. */
const HASH_LENGTH = 40;

/** A deterministic Message-ID without angle brackets (RFC 5322 §3.6.4). */
export function messageId(identity: MailIdentity): string {
  const { requestId, kind, index, recipient, domain } = identity;
  // As a JSON list, so that no two different identities give the same text.
  const text = JSON.stringify([requestId, kind, index, recipient]);
  const hash = createHash("sha256").update(text).digest("hex").slice(0, HASH_LENGTH);
  return `${hash}@${domain}`;
}

/** A message id without surrounding white space and angle brackets, however many there are. */
export function bareMessageId(id: string): string {
  return id.trim().replace(/^<+/, "").replace(/>+$/, "").trim();
}
