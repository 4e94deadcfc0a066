/** What a mail tells; everything else about its look is in the templates. */

/** `reopened`: a request that an earlier mail called expired is open. */
export type TemplateKind = "new" | "review" | "resolution" | "reopened";

/** Requesters are told of their own requests only if the operator asks for it. */
export type Audience = "reviewer" | "requester";

export type RequestStatus = "PENDING" | "APPROVED" | "DENIED" | "EXPIRED" | "PROMOTED";

/** The facts of one mail. Empty strings mean "not given". */
export interface MailData {
  readonly kind: TemplateKind;
  readonly audience: Audience;
  readonly id: string;
  readonly cluster: string;
  readonly user: string;
  /** Absent: the request names no list at all, which the original tells from an empty one. */
  readonly roles: readonly string[] | undefined;
  readonly reason: string;
  /** Web page of the request, from `requestLink`. */
  readonly link: string | undefined;
  readonly status: { readonly state: RequestStatus; readonly reason: string };
  /** An earlier mail of the thread said that the request had expired, which was wrong. */
  readonly isCorrection?: boolean;
  /** Present for kind `review`. */
  readonly review?: {
    readonly author: string;
    readonly createdMs: number | undefined;
    /** Proposed state, upper case. */
    readonly state: string;
    readonly reason: string;
  };
}

/** Facts to try templates with: at the start, in previews and in test mails. */
export function sampleData(kind: TemplateKind, audience: Audience = "reviewer"): MailData {
  return {
    kind,
    audience,
    id: "0198f3c2-7d0b-4a54-9d4e-1f2e3d4c5b6a",
    cluster: "example.teleport.sh",
    user: "alice@example.com",
    roles: ["dev", "dba"],
    reason: "Rollout of release 7\nTicket OPS-1234",
    link: "https://example.teleport.sh/web/requests/0198f3c2-7d0b-4a54-9d4e-1f2e3d4c5b6a",
    status: kind === "resolution"
      ? { state: "APPROVED", reason: "Have a good rollout" }
      : { state: "PENDING", reason: "" },
    ...(kind === "reopened" ? { isCorrection: true } : {}),
    ...(kind === "review"
      ? {
        review: {
          author: "bob@example.com",
          createdMs: Date.UTC(2025, 0, 25, 10, 30),
          state: "APPROVED",
          reason: "Looks fine",
        },
      }
      : {}),
  };
}
