// deno-lint-ignore-file camelcase -- names of template variables
/** The details of a request as templates see them: words, with what users wrote made fit to be shown. */

import { formatDuration, formatRelative, formatTime } from "./durations.ts";
import type { ApprovalDetail, RequestDetails, ResourceDetail } from "./request_details.ts";
import { DISPLAY_LIMITS, type DisplayLimits, displayName, displayNames } from "./sanitize.ts";

/** Where and when a mail is read: what its times are written for. */
export interface TimeContext {
  readonly nowMs: number;
  /** A name of the IANA time zone data. */
  readonly timeZone: string;
}

/** How much of a request is shown. */
export interface DetailLimits extends DisplayLimits {
  readonly resources: number;
  readonly labels: number;
  /** Values of one constraint. */
  readonly values: number;
  readonly reviewers: number;
}

export const DETAIL_LIMITS: DetailLimits = {
  ...DISPLAY_LIMITS,
  resources: 25,
  labels: 6,
  values: 10,
  reviewers: 20,
};

/** One resource in words. */
export interface ResourceScope {
  /** `Server`, `Database`, ... */
  readonly kind: string;
  /** What people call it. */
  readonly name: string;
  readonly cluster: string;
  /** `/cluster/kind/name`, with `/part` where only a part is asked for. */
  readonly path: string;
  /** `env=prod, team=payments` */
  readonly labels: string | null;
  /** `logins: root, web` */
  readonly limited_to: string | null;
}

export interface ApprovalScope {
  /** The roles that need it; null when all do. */
  readonly roles: string | null;
  /** `1 of 2 approvals` */
  readonly progress: string;
  /** `1 more approval`; null when there are enough. */
  readonly missing: string | null;
}

/** Every name is always there; what is not known is null. */
export interface DetailsScope {
  readonly term: string | null;
  readonly is_long_term: boolean;
  readonly resources: readonly ResourceScope[] | null;
  readonly more_resources: number | null;
  readonly requested: string | null;
  readonly decide_before: string | null;
  readonly access_starts: string | null;
  readonly access_ends: string | null;
  readonly max_duration: string | null;
  readonly session_length: string | null;
  readonly approvals: readonly ApprovalScope[] | null;
  readonly is_missing_approvals: boolean;
  readonly reviewers: readonly string[] | null;
  readonly access_list: string | null;
  readonly recommended_access_list: string | null;
  readonly grouping_problem: string | null;
  readonly login_hint: string | null;
  readonly granted_roles: readonly string[] | null;
  readonly decided_by: readonly string[] | null;
  readonly decided: string | null;
  readonly expired: string | null;
}

const NO_DETAILS: RequestDetails = {
  resources: [],
  approvals: [],
  reviewersAsked: [],
  decidedBy: [],
};

/** Names of kinds of resources; others are shown as Teleport calls them. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ["node", "Server"],
  ["app", "Application"],
  ["db", "Database"],
  ["kube_cluster", "Kubernetes cluster"],
  ["windows_desktop", "Windows desktop"],
  ["user_group", "User group"],
  ["saml_idp_service_provider", "SAML application"],
  ["git_server", "Git server"],
  ["pod", "Kubernetes pod"],
  ["namespace", "Kubernetes namespace"],
]);

/** Labels that Teleport sets for its own use. */
const INTERNAL_LABEL = /^teleport\.(internal|dev|hidden)\//;

const CONSTRAINTS: ReadonlyMap<string, string> = new Map([
  ["logins", "logins"],
  ["role_arns", "role ARNs"],
  ["database_users", "database users"],
  ["database_names", "database names"],
  ["database_roles", "database roles"],
]);

/** The other reviewers as templates get them; null where there are none. */
export function reviewerNames(
  asked: readonly string[],
  limits: DetailLimits = DETAIL_LIMITS,
): readonly string[] | null {
  const names = Math.min(limits.reviewers, limits.names);
  return asked.length === 0 ? null : displayNames(asked, { ...limits, names });
}

/** Turns details into template variables. */
export function detailsScope(
  details: RequestDetails = NO_DETAILS,
  context: TimeContext,
  limits: DetailLimits = DETAIL_LIMITS,
): DetailsScope {
  const time = (ms: number | undefined) => when(ms, context);
  const name = (text: string | undefined) => displayName(text ?? "", limits) || null;
  const names = (list: readonly string[] | undefined, most = limits.names) =>
    list === undefined || list.length === 0
      ? null
      : displayNames(list, { ...limits, names: Math.min(most, limits.names) });
  const { resources, requestKind, accessList } = details;
  const approvals = details.approvals.slice(0, limits.names).map((a) => approvalScope(a, limits));
  const shown = resources.slice(0, limits.resources);
  return {
    term: requestKind === undefined ? null : TERMS[requestKind],
    is_long_term: requestKind === "long-term",
    resources: shown.length === 0 ? null : shown.map((r) => resourceScope(r, limits)),
    more_resources: resources.length > shown.length ? resources.length - shown.length : null,
    requested: time(details.requestedMs),
    decide_before: time(details.decideBeforeMs),
    access_starts: time(details.accessStartsMs),
    access_ends: time(details.accessEndsMs),
    max_duration: length(details.maxDurationEndMs, details.requestedMs, context),
    session_length: length(details.sessionEndMs, details.requestedMs, context),
    approvals: approvals.length === 0 ? null : approvals,
    is_missing_approvals: approvals.some(({ missing }) => missing !== null),
    reviewers: reviewerNames(details.reviewersAsked, limits),
    access_list: accessList === undefined ? null : name(accessList.title || accessList.name),
    recommended_access_list: name(details.recommendedAccessList),
    grouping_problem: name(details.groupingProblem),
    login_hint: name(details.loginHint),
    granted_roles: names(details.grantedRoles),
    decided_by: names(details.decidedBy, limits.reviewers),
    decided: time(details.decidedMs),
    expired: time(details.expiredMs),
  };
}

const TERMS = { "short-term": "Short-term", "long-term": "Long-term" } as const;

/** `Wed, 4 Mar 2026, 14:05 UTC+1 (in 25 minutes)`; null for no time. */
export function when(ms: number | undefined, { nowMs, timeZone }: TimeContext): string | null {
  const time = ms === undefined ? undefined : formatTime(ms, timeZone);
  return ms === undefined || time === undefined ? null : `${time} (${formatRelative(ms, nowMs)})`;
}

/** `4 hours, until Wed, 4 Mar 2026, 18:05 UTC+1`; null without an end. */
function length(
  endMs: number | undefined,
  startMs: number | undefined,
  { timeZone }: TimeContext,
): string | null {
  const end = endMs === undefined ? undefined : formatTime(endMs, timeZone);
  if (endMs === undefined || end === undefined) return null;
  return startMs === undefined
    ? `until ${end}`
    : `${formatDuration(endMs - startMs)}, until ${end}`;
}

function resourceScope(resource: ResourceDetail, limits: DetailLimits): ResourceScope {
  const { kind, name, part, cluster } = resource;
  const shown = (text: string) => displayName(text, limits);
  const labels = [...resource.labels].filter(([label]) => !INTERNAL_LABEL.test(label));
  const listed = labels.slice(0, limits.labels)
    .map(([label, value]) => value === "" ? shown(label) : `${shown(label)}=${shown(value)}`);
  const more = labels.length - listed.length;
  const path = ["", cluster, kind, name, ...part === "" ? [] : [part]].map(shown).join("/");
  const constraints = resource.constraints.map(({ what, values }) =>
    what === "unknown"
      ? "constraints that this program does not know"
      : `${CONSTRAINTS.get(what) ?? shown(what)}: ${
        displayNames(values, { ...limits, names: limits.values }).join(", ")
      }`
  );
  return {
    kind: KINDS.get(kind) ?? (shown(kind.replaceAll("_", " ")) || "Resource"),
    name: shown(resource.friendlyName || name),
    cluster: shown(cluster),
    path,
    labels: listed.length === 0
      ? null
      : [...listed, ...more > 0 ? [`… (${more} more)`] : []].join(", "),
    limited_to: constraints.length === 0 ? null : constraints.join("; "),
  };
}

function approvalScope({ roles, thresholds }: ApprovalDetail, limits: DetailLimits): ApprovalScope {
  const isNamed = thresholds.length > 1;
  const named = (words: string, name: string) =>
    isNamed && name !== "" ? `${words} (${displayName(name, limits)})` : words;
  const missing = thresholds.filter((t) => t.approvals < t.approvalsNeeded);
  return {
    roles: roles.length === 0 ? null : displayNames(roles, limits).join(", "),
    progress: thresholds.map((t) =>
      named(`${t.approvals} of ${approvals(t.approvalsNeeded)}`, t.name)
    ).join(" and "),
    missing: missing.length === 0 ? null : missing.map((t) => {
      const count = t.approvalsNeeded - t.approvals;
      return named(`${count} more ${count === 1 ? "approval" : "approvals"}`, t.name);
    }).join(" and "),
  };
}

function approvals(count: number): string {
  return `${count} ${count === 1 ? "approval" : "approvals"}`;
}
