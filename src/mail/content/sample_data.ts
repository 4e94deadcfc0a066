/** Made-up facts to try templates with: at the start, in previews, in test mails, in the documentation. */

import type {
  AccessListData,
  Audience,
  MailData,
  RequestStatus,
  TemplateKind,
} from "./mail_data.ts";
import type { RequestDetails } from "./request_details.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The morning on which all samples play. */
const REQUESTED_MS = Date.UTC(2025, 0, 25, 10, 20);
const REVIEWED_MS = REQUESTED_MS + 10 * MINUTE_MS;
const EXPIRED_MS = REQUESTED_MS + HOUR_MS;
const NOW_MS = REVIEWED_MS + MINUTE_MS;

const ID = "0198f3c2-7d0b-4a54-9d4e-1f2e3d4c5b6a";
const CLUSTER = "example.teleport.sh";

const END_REASONS: Readonly<Record<RequestStatus, string>> = {
  PENDING: "",
  APPROVED: "Have a good rollout",
  DENIED: "Not on a Friday",
  EXPIRED: "",
  PROMOTED: "",
};

/** A text that tries to break out of where it stands, longer than any limit. */
export const HOSTILE_TEXT = "</td><script>{{ id }}\u202e\r\nLink: x".repeat(200);

/** What the sample request says beyond the original's facts. */
export const SAMPLE_DETAILS: RequestDetails = {
  resources: [],
  requestedMs: REQUESTED_MS,
  decideBeforeMs: REQUESTED_MS + HOUR_MS,
  accessEndsMs: REQUESTED_MS + 8 * HOUR_MS,
  maxDurationEndMs: REQUESTED_MS + 8 * HOUR_MS,
  sessionEndMs: REQUESTED_MS + 4 * HOUR_MS,
  approvals: [{ roles: [], thresholds: [{ name: "default", approvals: 0, approvalsNeeded: 2 }] }],
  reviewersAsked: ["bob@example.com", "carol@example.com"],
  decidedBy: [],
};

const ONE_OF_TWO = { name: "default", approvals: 1, approvalsNeeded: 2 };

/** Resources of several kinds, one of them with a constraint. */
export const SAMPLE_RESOURCES: RequestDetails["resources"] = [
  {
    kind: "node",
    name: "0b7e0a6e-6f7c-4d3e-8b1b-0d6c9d8f7a11",
    friendlyName: "web-1",
    cluster: CLUSTER,
    part: "",
    constraints: [{ what: "logins", values: ["root", "deploy"] }],
    labels: new Map([["env", "prod"], ["team", "shop"]]),
  },
  {
    kind: "db",
    name: "orders",
    cluster: CLUSTER,
    part: "",
    constraints: [],
    labels: new Map([["env", "prod"]]),
  },
  {
    kind: "kube_cluster",
    name: "production",
    cluster: CLUSTER,
    part: "shop/web",
    constraints: [],
    labels: new Map(),
  },
];

/** When mails are composed that do not follow a review. */
const TIMES: Readonly<Partial<Record<TemplateKind, number>>> = {
  "new": REQUESTED_MS,
  "reminder": REQUESTED_MS + HOUR_MS / 2,
  "access-ending": REQUESTED_MS + 7 * HOUR_MS,
};

const ACCESS_LISTS: readonly AccessListData[] = [
  {
    name: "5f0e0a6e",
    title: "Shop operators",
    description: "Access to the shop in production",
    memberCount: 12,
    dueMs: NOW_MS - 2 * DAY_MS,
    link: `https://${CLUSTER}/web/accesslists/5f0e0a6e`,
  },
  {
    name: "7c1d9b20",
    title: "Auditors",
    description: "",
    memberCount: 1,
    dueMs: NOW_MS + 14 * DAY_MS,
    link: `https://${CLUSTER}/web/accesslists/7c1d9b20`,
  },
];

/** The facts of an email to an owner of access lists. */
export function sampleAccessLists(): MailData {
  return {
    kind: "access-list-review",
    audience: "owner",
    requestType: "role",
    id: "",
    cluster: CLUSTER,
    user: "",
    roles: undefined,
    reason: "",
    link: undefined,
    status: { state: "PENDING", reason: "" },
    accessLists: ACCESS_LISTS,
    nowMs: NOW_MS,
  };
}

/** The kinds of email about one request. */
export const REQUEST_KINDS = [
  "new",
  "review",
  "resolution",
  "reopened",
  "reminder",
  "access-ending",
] as const satisfies readonly TemplateKind[];

/** The facts of a mail of that kind about the sample request. */
export function sampleData(
  kind: TemplateKind,
  audience: Audience = "reviewer",
  state: RequestStatus = kind === "resolution" || kind === "access-ending" ? "APPROVED" : "PENDING",
): MailData {
  if (kind === "access-list-review") return sampleAccessLists();
  return {
    kind,
    audience,
    requestType: "role",
    id: ID,
    cluster: CLUSTER,
    user: "alice@example.com",
    roles: ["dev", "dba"],
    reason: "Rollout of release 7\nTicket OPS-1234",
    link: `https://${CLUSTER}/web/requests/${ID}`,
    status: { state, reason: END_REASONS[state] },
    ...(kind === "reopened" ? { isCorrection: true } : {}),
    ...(kind === "review"
      ? {
        review: {
          author: "bob@example.com",
          createdMs: REVIEWED_MS,
          state: "APPROVED",
          reason: "Looks fine",
        },
      }
      : {}),
    details: detailsOf(kind, state),
    nowMs: state === "EXPIRED" ? EXPIRED_MS + MINUTE_MS : TIMES[kind] ?? NOW_MS,
  };
}

/** The same about a request for resources, long-term or not. */
export function sampleResourceData(data: MailData, isLongTerm = false): MailData {
  const details: RequestDetails = {
    ...data.details ?? SAMPLE_DETAILS,
    resources: SAMPLE_RESOURCES,
    requestKind: isLongTerm ? "long-term" : "short-term",
    ...(isLongTerm ? { recommendedAccessList: "Shop operators" } : {}),
  };
  return { ...data, requestType: "resource", details };
}

function detailsOf(kind: TemplateKind, state: RequestStatus): RequestDetails {
  if (state === "PENDING") {
    const thresholds = [ONE_OF_TWO];
    return kind === "new"
      ? SAMPLE_DETAILS
      : { ...SAMPLE_DETAILS, approvals: [{ roles: [], thresholds }] };
  }
  const { decideBeforeMs: _, ...closed } = SAMPLE_DETAILS;
  const decided = { decidedBy: ["bob@example.com"], decidedMs: REVIEWED_MS };
  switch (state) {
    case "APPROVED":
    case "DENIED":
      return { ...closed, ...decided, approvals: [] };
    case "PROMOTED":
      return {
        ...closed,
        ...decided,
        approvals: [],
        accessList: { name: "5f0e0a6e", title: "Shop operators" },
      };
    case "EXPIRED":
      return {
        ...closed,
        expiredMs: EXPIRED_MS,
        approvals: [{ roles: [], thresholds: [ONE_OF_TWO] }],
      };
  }
}
