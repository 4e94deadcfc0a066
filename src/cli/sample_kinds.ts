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
  "requester-new",
  "requester-review",
  "requester-approved",
  "requester-denied",
  "requester-expired",
  "requester-promoted",
] as const;
export type SampleKind = typeof SAMPLE_KINDS[number];
