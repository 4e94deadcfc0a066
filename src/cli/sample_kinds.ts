/** The emails that `preview` can show. */
export const SAMPLE_KINDS = [
  "new",
  "new-resources",
  "new-long-term",
  "review",
  "approved",
  "denied",
  "expired",
  "promoted",
  "reopened",
  "reminder",
  "requester-new",
  "requester-review",
  "requester-approved",
  "requester-denied",
  "requester-expired",
  "requester-promoted",
  "requester-access-ending",
  "access-list-review",
] as const;
/** One of them. */
export type SampleKind = typeof SAMPLE_KINDS[number];
