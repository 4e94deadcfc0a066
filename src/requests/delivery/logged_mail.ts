/** The log fields of a mail: the same keys and words in every message. */

import type { LogFields } from "../../log.ts";
import { isReview, type MailKind, type OwedMail } from "../record/outbox.ts";

/** The original's words, which people search logs for (original.md §8). */
const KINDS: Readonly<Record<MailKind, string>> = {
  new: "new threads",
  review: "new review",
  resolution: "request resolved",
  reopened: "request reopened",
  reminder: "reminder",
  "requester-new": "requester, new request",
  "requester-review": "requester, new review",
  "requester-resolution": "requester, request resolved",
  "requester-reopened": "requester, request reopened",
  "requester-access-ending": "requester, access ends soon",
};

/** `review` counts from 1, as readers do. */
export function loggedMail(
  requestId: string,
  { kind, to, index }: Pick<OwedMail, "kind" | "to" | "index">,
): LogFields {
  return {
    request_id: requestId,
    email: to,
    kind: KINDS[kind],
    ...isReview(kind) && { review: index + 1 },
  };
}
