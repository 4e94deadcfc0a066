/** Whether the reviews of a request have decided it (teleport-protocol.md §5.4). */

import {
  type AccessRequestSpecV3,
  type AccessReview,
  RequestState,
} from "../../src/teleport/generated/types_pb.ts";

const APPROVING = [RequestState.APPROVED, RequestState.PROMOTED];

/** The first review with which a threshold is reached; undefined while none is. */
export function decidingReview(spec: AccessRequestSpecV3): AccessReview | undefined {
  const counts = new Map<RequestState, number>();
  for (const review of spec.Reviews) {
    const state = review.ProposedState;
    const count = (counts.get(state) ?? 0) + 1;
    counts.set(state, count);
    const reached = spec.Thresholds.some(({ Approve: approve, Deny: deny }) => {
      const needed = state === RequestState.DENIED ? deny : APPROVING.includes(state) ? approve : 0;
      // A threshold of 0 is one that was not set.
      return needed > 0 && count >= needed;
    });
    if (reached) return review;
  }
  return undefined;
}
