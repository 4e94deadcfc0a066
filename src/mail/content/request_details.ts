/** What a mail tells of a request beyond the original's facts. */

/** A requested resource, as far as it is known. */
export interface ResourceDetail {
  /** Teleport's kind, such as `kube_cluster`. */
  readonly kind: string;
  /** As the request names it; of a node a UUID. */
  readonly name: string;
  /** What people call it; absent when that is not known, or is its name. */
  readonly friendlyName?: string;
  /** The cluster that it is in. */
  readonly cluster: string;
  /** The part of it that is asked for, such as a pod; "" for all of it. */
  readonly part: string;
  /** What access to it is limited to: `logins`, `role_arns`, ... */
  readonly constraints: readonly { readonly what: string; readonly values: readonly string[] }[];
  /** Empty where the role may not read them. */
  readonly labels: ReadonlyMap<string, string>;
}

/** How many approvals some roles have and need. */
export interface ApprovalDetail {
  /** Empty when all roles need the same. */
  readonly roles: readonly string[];
  readonly thresholds: readonly {
    readonly name: string;
    readonly approvals: number;
    readonly approvalsNeeded: number;
  }[];
}

/** Times are milliseconds since 1970; what is absent is not known, or does not apply. */
export interface RequestDetails {
  readonly resources: readonly ResourceDetail[];
  readonly requestKind?: "short-term" | "long-term";
  readonly requestedMs?: number;
  /** When a pending request expires. */
  readonly decideBeforeMs?: number;
  readonly accessStartsMs?: number;
  readonly accessEndsMs?: number;
  /** The latest end of access that the requester asked for. */
  readonly maxDurationEndMs?: number;
  /** When a login with the access ends, and a new one is needed. */
  readonly sessionEndMs?: number;
  readonly approvals: readonly ApprovalDetail[];
  /** Reviewers beside the recipient of the mail; of a mail to the requester, all of them. */
  readonly reviewersAsked: readonly string[];
  /** The access list that the request was turned into a membership of; "" for no title. */
  readonly accessList?: { readonly name: string; readonly title: string };
  /** Of a long-term request: the access list that would grant the most. */
  readonly recommendedAccessList?: string;
  /** Of a long-term request: why its resources cannot be granted together. */
  readonly groupingProblem?: string;
  readonly loginHint?: string;
  /** Those of the roles that were granted, where they are not all. */
  readonly grantedRoles?: readonly string[];
  /** The reviews that decided; empty when the request was decided without reviews. */
  readonly decidedBy: readonly string[];
  readonly decidedMs?: number;
  /** When the request expired without a decision. */
  readonly expiredMs?: number;
}
