/** What a mail tells, from the latest state of its request: a pure function. */

import type { MailData, ReviewData } from "../../mail/content/mail_data.ts";
import type { ApprovalDetail, RequestDetails } from "../../mail/content/request_details.ts";
import { defined } from "../../optional.ts";
import type { AccessRequest, Review } from "../../teleport/access_request/read.ts";
import type { RequestedResource } from "../../teleport/access_request/resources.ts";
import { approvalProgress, decidingReviews } from "../../teleport/access_request/thresholds.ts";
import type { FoundResources } from "../../teleport/resources/lookup.ts";
import { isReview } from "../record/outbox.ts";
import type { PluginRecord, Resolution } from "../record/record.ts";
import type { MailJob } from "./mailer.ts";

/** What is known beside the request. */
export interface MailDataContext {
  readonly clusterName: string;
  /** The request's web page; undefined where the cluster has none. */
  readonly link: (requestId: string) => string | undefined;
  /** Names and labels of the requested resources, as far as they can be read. */
  readonly resources: Pick<FoundResources, "of">;
  readonly nowMs: number;
}

/**
 * The facts of a mail; undefined for a review that is not known. A first mail tells of the request as it
 * is now. Its closing mail repeats what was told then, as in the original: by that time the request
 * itself may be gone.
 */
export function mailData(job: MailJob, context: MailDataContext): MailData | undefined {
  const { id, mail, snapshot, record } = job;
  const isClosing = isAboutClosed(mail);
  const request = typeof snapshot === "string" || isClosing ? undefined : snapshot;
  const roles = request?.roles ?? record.roles;
  const base = {
    audience: mail.kind.startsWith("requester") ? "requester" : "reviewer",
    requestType: record.isResourceRequest ? "resource" : "role",
    id,
    cluster: context.clusterName,
    user: request?.user ?? record.user,
    // The wire does not tell an empty list from none; the original takes it for none.
    roles: roles.length === 0 ? undefined : roles,
    reason: request?.reason ?? record.requestReason,
    link: context.link(id),
    ...defined({ details: detailsOf(job, context) }),
    nowMs: context.nowMs,
  } as const;
  if (isClosing) {
    const status = { state: closingState(record.resolution), reason: record.resolveReason };
    return mail.kind === "requester-access-ending"
      ? { ...base, kind: "access-ending", status }
      : { ...base, kind: "resolution", status, isCorrection: mail.index > 0 };
  }
  const status = { state: "PENDING", reason: "" } as const;
  if (mail.kind === "reopened" || mail.kind === "requester-reopened") {
    return { ...base, kind: "reopened", status, isCorrection: true };
  }
  if (mail.kind === "reminder") return { ...base, kind: "reminder", status };
  if (!isReview(mail.kind)) return { ...base, kind: "new", status };
  const review = request?.reviews[mail.index];
  return review && { ...base, kind: "review", status, review: reviewData(review) };
}

/** Whether a mail tells of a request that has been closed. */
function isAboutClosed({ kind }: MailJob["mail"]): boolean {
  return kind === "resolution" || kind === "requester-resolution" ||
    kind === "requester-access-ending";
}

function closingState(resolution: Resolution | ""): MailData["status"]["state"] {
  return resolution === "" || resolution === "UNKNOWN" ? "EXPIRED" : resolution;
}

function reviewData(review: Review): ReviewData {
  const { author, state, reason, createdMs, submittedBy, assumeStartMs, accessList } = review;
  return {
    author,
    state,
    reason,
    createdMs,
    ...defined({ submittedBy, accessStartsMs: assumeStartMs, accessList }),
  };
}

/** Undefined when nothing but the record is left of the request. */
function detailsOf(job: MailJob, context: MailDataContext): RequestDetails | undefined {
  const request = job.lastKnown;
  if (request === undefined) return undefined;
  const { mail, record } = job;
  const { createdMs, accessList, longTerm } = request;
  const isOpen = !isAboutClosed(mail);
  const hasExpired = !isOpen && closingState(record.resolution) === "EXPIRED" &&
    request.expiresMs !== undefined && request.expiresMs <= context.nowMs;
  return {
    resources: request.resources.map((resource) => resourceDetail(resource, context)),
    // Of an expired request, what it lacked.
    approvals: isOpen || hasExpired ? approvalDetails(seenAt(request, job)) : [],
    reviewersAsked: asked(job),
    ...defined({
      requestKind: request.requestKind,
      requestedMs: createdMs,
      decideBeforeMs: isOpen ? request.expiresMs : undefined,
      // A request that was deleted earlier is closed as expired, too.
      expiredMs: hasExpired ? request.expiresMs : undefined,
      accessStartsMs: request.assumeStartMs,
      accessEndsMs: request.accessExpiresMs,
      maxDurationEndMs: request.maxDurationEndMs,
      sessionEndMs: request.sessionEndMs,
      recommendedAccessList: longTerm?.recommendedAccessList || undefined,
      groupingProblem: longTerm?.validationMessage || undefined,
      loginHint: request.loginHint,
    }),
    ...(isOpen ? { decidedBy: [] } : decision(request, record, accessList)),
  };
}

/** The request as it was with the review that a mail is about. */
function seenAt(request: AccessRequest, { mail }: MailJob): AccessRequest {
  return isReview(mail.kind)
    ? { ...request, reviews: request.reviews.slice(0, mail.index + 1) }
    : request;
}

/** Names are those of this cluster: a leaf cluster's resource of the same name is another. */
function resourceDetail(
  resource: RequestedResource,
  { clusterName, resources }: MailDataContext,
): RequestDetails["resources"][number] {
  const found = resource.cluster === clusterName ? resources.of(resource) : undefined;
  return {
    ...resource,
    labels: found?.labels ?? new Map(),
    ...defined({ friendlyName: found?.friendlyName }),
  };
}

/** Without the names of roles where all need the same. */
function approvalDetails(request: AccessRequest): readonly ApprovalDetail[] {
  const progress = approvalProgress(request);
  const [first, ...others] = progress;
  return first !== undefined && others.length === 0 ? [{ ...first, roles: [] }] : progress;
}

/** The reviewers of the thread beside the recipient. */
function asked({ mail, record }: MailJob): readonly string[] {
  const all = [
    ...record.threads.map(({ recipient }) => recipient),
    ...record.owed.filter(({ kind }) => kind === "new").map(({ to }) => to),
  ];
  const others = all.filter((address) => address.toLowerCase() !== mail.to.toLowerCase());
  return [...new Map(others.map((address) => [address.toLowerCase(), address])).values()];
}

function decision(
  request: AccessRequest,
  record: PluginRecord,
  accessList: AccessRequest["accessList"],
): Pick<RequestDetails, "decidedBy" | "decidedMs" | "grantedRoles" | "accessList"> {
  if (request.state !== record.resolution) return { decidedBy: [] };
  const reviews = decidingReviews(request);
  const times = reviews.flatMap(({ createdMs }) => createdMs ?? []);
  const isPart = request.state === "APPROVED" && request.roles.length < record.roles.length;
  return {
    decidedBy: [...new Set(reviews.map(({ author }) => author))],
    ...defined({
      decidedMs: times.length === 0 ? undefined : Math.max(...times),
      grantedRoles: isPart ? request.roles : undefined,
      accessList,
    }),
  };
}
