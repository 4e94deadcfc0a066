/**
 * The Message-ID that a mail service says it has given an email in place of ours, in the reply to its
 * content. nodemailer knows Microsoft 365 and Amazon SES by their usual names.
 */

import { bareMessageId } from "../message_id.ts";

/** Exchange Online in every cloud: `250 2.0.0 OK <id@host> [Hostname=host]`. */
const EXCHANGE = /^250 2\.0\.0 OK <([^<>\s@]+@[^<>\s@]+)> \[Hostname=/i;

/** Longer is no id that a header line takes (RFC 5322 §2.1.1). */
const MAX_LENGTH = 250;

/** Without brackets; undefined when the service names none, and so may have kept ours. */
export function serverMessageId(
  response: string,
  known: string | undefined,
): string | undefined {
  const id = bareMessageId(known ?? EXCHANGE.exec(response)?.[1] ?? "");
  return /^[\x21-\x7e]+@[\x21-\x7e]+$/.test(id) && id.length <= MAX_LENGTH ? id : undefined;
}
