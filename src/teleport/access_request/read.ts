/** Access requests as the program uses them, converted from Teleport's messages. */

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

/** Teleport's RequestState; `UNKNOWN` for values of newer servers. */
export type RequestState = "NONE" | "PENDING" | "APPROVED" | "DENIED" | "PROMOTED" | "UNKNOWN";

/** The access list of which a promoted request made the requester a member. */
export interface AccessListRef {
  readonly name: string;
  /** The display name; "" when it has none. */
  readonly title: string;
}

/** A review of an access request. */
export interface Review {
  readonly author: string;
  readonly state: RequestState;
  readonly reason: string;
  /** Milliseconds since 1970; absent when Teleport sends no value. */
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

/** The server's assessment of a long-term request, which only an access list can grant. */
export interface LongTermGrouping {
  /** The access list that would grant the most, "" for none. */
  readonly recommendedAccessList: string;
  /** Why the resources cannot be granted together; "" when they can. */
  readonly validationMessage: string;
}

/** An access request. Times are milliseconds since 1970, absent when Teleport sends no value. */
export interface AccessRequest extends Thresholds {
  /** Metadata.Name, a UUID. */
  readonly id: string;
  readonly user: string;
  readonly roles: readonly string[];
  readonly state: RequestState;
  readonly createdMs?: number;
  readonly reason: string;
  readonly resolveReason: string;
  /** In the order of submission; Teleport only appends. */
  readonly reviews: readonly Review[];
  readonly suggestedReviewers: readonly string[];
  readonly resources: readonly RequestedResource[];
  /** Annotations by the server's roles: values by name. */
  readonly systemAnnotations: ReadonlyMap<string, readonly string[]>;
  /** `createdMs` in nanoseconds, for comparisons in conditions of rules and routes. */
  readonly createdNs?: bigint;
  /** When Teleport deletes the request; a pending request can be decided until then. */
  readonly expiresMs?: number;
  readonly expiresNs?: bigint;
  /** When granted access ends. */
  readonly accessExpiresMs?: number;
  /** The latest end of access that the requester asked for. */
  readonly maxDurationEndMs?: number;
  /** When a session with the access expires and a new login is needed. */
  readonly sessionEndMs?: number;
  /** When access begins, if later than the approval. */
  readonly assumeStartMs?: number;
  /** Absent before Teleport 18. */
  readonly requestKind?: "short-term" | "long-term";
  readonly longTerm?: LongTermGrouping;
  /** With state `PROMOTED`. */
  readonly accessList?: AccessListRef;
  readonly loginHint?: string;
  /** A dry run, which servers do not report to watches. */
  readonly isDryRun?: boolean;
}

const KINDS: Readonly<Record<number, "short-term" | "long-term">> = {
  [AccessRequestKind.SHORT_TERM]: "short-term",
  [AccessRequestKind.LONG_TERM]: "long-term",
};
const NO_LABELS: ReadonlyMap<string, readonly string[]> = new Map();

/** Converts a request; undefined when it has no name to identify it by. */
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

/** When the request is deleted at the latest, as far as it tells: at the end of the access otherwise. */
export function expiryOf({ expiresMs, accessExpiresMs }: AccessRequest): number | undefined {
  return expiresMs ?? accessExpiresMs;
}

/** Converts traits or annotations: several values for each name. */
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

/** Enums of proto3 are open: a newer server may send an unknown number. */
function readState(state: WireState): RequestState {
  return (WireState[state] as RequestState | undefined) ?? "UNKNOWN";
}
