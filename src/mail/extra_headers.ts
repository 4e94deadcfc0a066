/** Headers of every email beside those that are about its content. */

import { bareMessageId } from "./message_id.ts";
import type { MailMessage } from "./transport.ts";

/** Holds our Message-ID where a mail service replaces the header of that name. */
export const OWN_ID_HEADER = "X-Teleport-Email-Id";

export function extraHeaders(
  { messageId }: Pick<MailMessage, "messageId">,
): Record<string, string> {
  return {
    // Keeps vacation responders quiet: RFC 3834 §5, and Outlook and Exchange, which know their own only.
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "All",
    [OWN_ID_HEADER]: messageId,
  };
}

/** The ids of `References` with their brackets, each once; empty for an email that refers to none. */
export function referencesOf({ inReplyTo, references }: MailMessage): readonly string[] {
  const ids = references ?? (inReplyTo === undefined || inReplyTo === "" ? [] : [inReplyTo]);
  return [...new Set(ids.map(bareMessageId))].filter((id) => id !== "").map((id) => `<${id}>`);
}
