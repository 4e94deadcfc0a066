/** Access requests as the rest of the program sees them, read from Teleport's messages. */

import { defined } from "../../optional.ts";
import {
  AccessRequestKind,
  type AccessRequestV3,
  type AccessReview,
  type LongTermResourceGrouping,
  type PromotedAccessList,
  RequestState as WireState,
} from "../generated/types_pb.ts";
import type { LabelValues } from "../generated/wrappers_pb.ts";
import { timeMs, timeNs } from "../time.ts";
import { readRequestedResources, type RequestedResource } from "./resources.ts";
import { readThresholds, type Thresholds } from "./thresholds.ts";

/** Teleport's RequestState; `UNKNOWN` for a number that this program does not know. */
export type RequestState = "NONE" | "PENDING" | "APPROVED" | "DENIED" | "PROMOTED" | "UNKNOWN";

/** An access list that a request was turned into a membership of. */
export interface AccessListRef {
  readonly name: string;
  /** What people call it; "" when it has no title. */
  readonly title: string;
}

export interface Review {
  readonly author: string;
  readonly state: RequestState;
  readonly reason: string;
  /** Milliseconds since 1970; absent when Teleport sends none. */
  readonly createdMs?: number;
  /** Places, in the request's list, of the thresholds that the review counts for. */
  readonly thresholdIndexes?: readonly number[];
  /** The start of the access that the reviewer set. */
  readonly assumeStartMs?: number;
  /** With state `PROMOTED`. */
  readonly accessList?: AccessListRef;
  /** The plugin that submitted the review in the author's name. */
  readonly submittedBy?: string;
}

/** What the server says of a long-term request, which only an access list can grant. */
export interface LongTermGrouping {
  /** The access list that would grant the most, "" for none. */
  readonly recommendedAccessList: string;
  /** Why the resources cannot be granted together; "" when they can. */
  readonly validationMessage: string;
}

/** Times are milliseconds since 1970, absent when Teleport sends none. */
export interface AccessRequest extends Thresholds {
  /** Metadata.Name, a UUID. */
  readonly id: string;
  readonly user: string;
  readonly roles: readonly string[];
  readonly state: RequestState;
  readonly createdMs?: number;
  readonly reason: string;
  readonly resolveReason: string;
  /** In the order in which they were submitted; Teleport only ever appends. */
  readonly reviews: readonly Review[];
  readonly suggestedReviewers: readonly string[];
  readonly resources: readonly RequestedResource[];
  /** By name, what the server's roles note of the request. */
  readonly systemAnnotations: ReadonlyMap<string, readonly string[]>;
  /** The same in nanoseconds, which conditions of rules and routes compare. */
  readonly createdNs?: bigint;
  /** When Teleport deletes the request; while it is pending, the last moment to decide. */
  readonly expiresMs?: number;
  readonly expiresNs?: bigint;
  /** When access ends, if it is granted. */
  readonly accessExpiresMs?: number;
  /** The latest end of access that the requester asked for. */
  readonly maxDurationEndMs?: number;
  /** When a login with the access ends, and a new one is needed. */
  readonly sessionEndMs?: number;
  /** When access begins, if it is later than the approval. */
  readonly assumeStartMs?: number;
  /** Absent before Teleport 18. */
  readonly requestKind?: "short-term" | "long-term";
  readonly longTerm?: LongTermGrouping;
  /** With state `PROMOTED`. */
  readonly accessList?: AccessListRef;
  readonly loginHint?: string;
  /** A request that nothing comes of; servers tell watchers of none. */
  readonly isDryRun?: boolean;
}

const KINDS: Readonly<Record<number, "short-term" | "long-term">> = {
  [AccessRequestKind.SHORT_TERM]: "short-term",
  [AccessRequestKind.LONG_TERM]: "long-term",
};
const NO_LABELS: ReadonlyMap<string, readonly string[]> = new Map();

/** Reads a request; undefined when it has no name, and so cannot be told apart from others. */
export function readAccessRequest(message: AccessRequestV3): AccessRequest | undefined {
  const id = message.Metadata?.Name ?? "";
  if (id === "") return undefined;
  const spec = message.Spec;
  return {
    id,
    user: spec?.User ?? "",
    roles: spec?.Roles ?? [],
    state: readState(spec?.State ?? WireState.NONE),
    reason: spec?.RequestReason ?? "",
    resolveReason: spec?.ResolveReason ?? "",
    reviews: (spec?.Reviews ?? []).map(readReview),
    suggestedReviewers: spec?.SuggestedReviewers ?? [],
    resources: readRequestedResources(spec),
    systemAnnotations: readLabels(spec?.SystemAnnotations),
    ...readThresholds(spec),
    ...defined({
      createdMs: timeMs(spec?.Created),
      createdNs: timeNs(spec?.Created),
      expiresMs: timeMs(spec?.ResourceExpiry) ?? timeMs(message.Metadata?.Expires),
      expiresNs: timeNs(spec?.ResourceExpiry) ?? timeNs(message.Metadata?.Expires),
      accessExpiresMs: timeMs(spec?.Expires),
      maxDurationEndMs: timeMs(spec?.MaxDuration),
      sessionEndMs: timeMs(spec?.SessionTTL),
      assumeStartMs: timeMs(spec?.AssumeStartTime),
      requestKind: KINDS[spec?.RequestKind ?? AccessRequestKind.UNDEFINED],
      longTerm: readGrouping(spec?.LongTermGrouping),
      accessList: readAccessList(spec?.accessList),
      loginHint: spec?.LoginHint || undefined,
      isDryRun: spec?.DryRun || undefined,
    }),
  };
}

/** Teleport's traits and annotations: a name has any number of values. */
export function readLabels(
  labels: LabelValues | undefined,
): ReadonlyMap<string, readonly string[]> {
  const entries = Object.entries(labels?.Values ?? {});
  return entries.length === 0
    ? NO_LABELS
    : new Map(entries.map(([name, { Values: values }]) => [name, values]));
}

function readReview(review: AccessReview): Review {
  return {
    author: review.Author,
    state: readState(review.ProposedState),
    reason: review.Reason,
    ...defined({
      createdMs: timeMs(review.Created),
      thresholdIndexes: review.ThresholdIndexes.length > 0 ? review.ThresholdIndexes : undefined,
      assumeStartMs: timeMs(review.AssumeStartTime),
      accessList: readAccessList(review.accessList),
      submittedBy: review.SubmittedBy || undefined,
    }),
  };
}

function readAccessList(list: PromotedAccessList | undefined): AccessListRef | undefined {
  return list && { name: list.Name, title: list.Title };
}

function readGrouping(grouping: LongTermResourceGrouping | undefined) {
  return grouping && {
    recommendedAccessList: grouping.RecommendedAccessList,
    validationMessage: grouping.ValidationMessage,
  };
}

/** Enums of proto3 are open: a newer server may send a number that is not in our copy. */
function readState(state: WireState): RequestState {
  return (WireState[state] as RequestState | undefined) ?? "UNKNOWN";
}
