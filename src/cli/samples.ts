/** Sample requests for emails. */

import type { MailData } from "../mail/content/mail_data.ts";
import { sampleAccessLists, sampleData, sampleResourceData } from "../mail/content/sample_data.ts";
import type { SampleKind } from "./sample_kinds.ts";

/** The data of each email that `preview` can show. */
const SAMPLES: Readonly<Record<SampleKind, () => MailData>> = {
  "new": () => sampleData("new"),
  "new-resources": () => sampleResourceData(sampleData("new")),
  "new-long-term": () => sampleResourceData(sampleData("new"), true),
  "review": () => sampleData("review"),
  "approved": () => sampleData("resolution", "reviewer", "APPROVED"),
  "denied": () => sampleData("resolution", "reviewer", "DENIED"),
  "expired": () => sampleData("resolution", "reviewer", "EXPIRED"),
  "promoted": () => sampleResourceData(sampleData("resolution", "reviewer", "PROMOTED"), true),
  "reopened": () => sampleData("reopened"),
  "reminder": () => sampleData("reminder"),
  "requester-new": () => sampleData("new", "requester"),
  "requester-review": () => sampleData("review", "requester"),
  "requester-approved": () => sampleData("resolution", "requester", "APPROVED"),
  "requester-denied": () => sampleData("resolution", "requester", "DENIED"),
  "requester-expired": () => sampleData("resolution", "requester", "EXPIRED"),
  "requester-promoted": () =>
    sampleResourceData(sampleData("resolution", "requester", "PROMOTED"), true),
  "requester-access-ending": () => sampleData("access-ending", "requester"),
  "access-list-review": sampleAccessLists,
};

/** The data of a sample email. */
export function sampleOf(kind: SampleKind): MailData {
  return SAMPLES[kind]();
}
