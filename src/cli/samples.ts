/** Made-up requests to try mails with. */

import { type MailFacts, type RequestStatus, sampleFacts } from "../mail/content/mail_data.ts";
import type { SampleKind } from "./commands.ts";

const END_REASONS: Readonly<Record<Exclude<RequestStatus, "PENDING">, string>> = {
  APPROVED: "Have a good rollout",
  DENIED: "Not on a Friday",
  EXPIRED: "",
  PROMOTED: "",
};

/** The facts of the mail that `kind` names. */
export function sampleOf(kind: SampleKind): MailFacts {
  switch (kind) {
    case "new":
    case "review":
      return sampleFacts(kind);
    case "requester-new":
      return sampleFacts("new", "requester");
    case "requester-approved":
      return resolved("APPROVED", "requester");
    case "requester-denied":
      return resolved("DENIED", "requester");
    case "approved":
      return resolved("APPROVED");
    case "denied":
      return resolved("DENIED");
    case "expired":
      return resolved("EXPIRED");
    case "promoted":
      return resolved("PROMOTED");
  }
}

function resolved(
  state: Exclude<RequestStatus, "PENDING">,
  audience: MailFacts["audience"] = "reviewer",
): MailFacts {
  const status = { state, reason: END_REASONS[state] };
  return { ...sampleFacts("resolution", audience), status };
}
