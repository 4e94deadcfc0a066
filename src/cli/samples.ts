/** Made-up requests to try mails with. */

import { type MailData, type RequestStatus, sampleData } from "../mail/content/mail_data.ts";
import type { SampleKind } from "./commands.ts";

const END_REASONS: Readonly<Record<Exclude<RequestStatus, "PENDING">, string>> = {
  APPROVED: "Have a good rollout",
  DENIED: "Not on a Friday",
  EXPIRED: "",
  PROMOTED: "",
};

/** The facts of the mail that `kind` names. */
export function sampleOf(kind: SampleKind): MailData {
  switch (kind) {
    case "new":
    case "review":
      return sampleData(kind);
    case "reopened":
      return sampleData("reopened");
    case "requester-new":
      return sampleData("new", "requester");
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
  audience: MailData["audience"] = "reviewer",
): MailData {
  const status = { state, reason: END_REASONS[state] };
  return { ...sampleData("resolution", audience), status };
}
