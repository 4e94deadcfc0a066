/** Evaluates the review thresholds of a request (teleport-protocol.md §5.4). */

import {
  type AccessRequestSpecV3,
  type AccessReview,
  RequestState,
} from "../../src/teleport/generated/types_pb.ts";

/**
 * The deciding review; undefined while there is none. Approvals decide when each set of each role has a
 * reached threshold, denials when any threshold of any role is reached.
 */
export function decidingReview(spec: AccessRequestSpecV3): AccessReview | undefined {
  const sets = Object.values(spec.RoleThresholdMapping).flatMap(({ Sets }) => Sets);
  const approvals = new Map<number, number>();
  const denials = new Map<number, number>();
  for (const review of spec.Reviews) {
    const counts = review.ProposedState === RequestState.DENIED ? denials : approvals;
    for (const index of review.ThresholdIndexes) counts.set(index, (counts.get(index) ?? 0) + 1);
    // A threshold of 0 is unset.
    const isApproved = (index: number) => {
      const needed = spec.Thresholds[index]?.Approve ?? 0;
      return needed > 0 && (approvals.get(index) ?? 0) >= needed;
    };
    const isDenied = (index: number) => {
      const needed = spec.Thresholds[index]?.Deny ?? 0;
      return needed > 0 && (denials.get(index) ?? 0) >= needed;
    };
    if (sets.some(({ Indexes }) => Indexes.some(isDenied))) return review;
    if (sets.length > 0 && sets.every(({ Indexes }) => Indexes.some(isApproved))) return review;
  }
  return undefined;
}
