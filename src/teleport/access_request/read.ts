/** Access requests as the rest of the program sees them, read from Teleport's messages. */

import type { Timestamp } from "@bufbuild/protobuf/wkt";
import {
  type AccessRequestV3,
  type AccessReview,
  RequestState as WireState,
} from "../generated/types_pb.ts";

/** Teleport's RequestState; `UNKNOWN` for a number that this program does not know. */
export type RequestState = "NONE" | "PENDING" | "APPROVED" | "DENIED" | "PROMOTED" | "UNKNOWN";

export interface Review {
  readonly author: string;
  readonly state: RequestState;
  readonly reason: string;
  /** Milliseconds since 1970; absent when Teleport sends none. */
  readonly createdMs?: number;
}

export interface AccessRequest {
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
}

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
    ...readTime("createdMs", spec?.Created),
    reason: spec?.RequestReason ?? "",
    resolveReason: spec?.ResolveReason ?? "",
    reviews: (spec?.Reviews ?? []).map(readReview),
    suggestedReviewers: spec?.SuggestedReviewers ?? [],
  };
}

function readReview(review: AccessReview): Review {
  return {
    author: review.Author,
    state: readState(review.ProposedState),
    reason: review.Reason,
    ...readTime("createdMs", review.Created),
  };
}

/** Enums of proto3 are open: a newer server may send a number that is not in our copy. */
function readState(state: WireState): RequestState {
  return (WireState[state] as RequestState | undefined) ?? "UNKNOWN";
}

/** "Unset" arrives absent, as Go's year 1 or as 1970 (wire.md §1.1): all three become absent. */
function readTime<K extends string>(key: K, time: Timestamp | undefined): { [P in K]?: number } {
  if (time === undefined || time.seconds <= 0n) return {};
  return { [key]: Number(time.seconds) * 1000 + Math.floor(time.nanos / 1e6) } as {
    [P in K]?: number;
  };
}
