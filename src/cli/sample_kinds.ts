/** The mails that `preview` can show, and `test-mail` sends the first five of. */
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
] as const;
export type SampleKind = typeof SAMPLE_KINDS[number];
