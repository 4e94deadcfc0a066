/** A request as conditions see it. */

import type { AccessRequest } from "../teleport/access_request/read.ts";
import { type Facts, FactValues } from "./condition/facts.ts";

/** What conditions read of a request itself. */
export type RequestPart = Pick<
  AccessRequest,
  | "user"
  | "roles"
  | "suggestedReviewers"
  | "reason"
  | "createdMs"
  | "createdNs"
  | "expiresMs"
  | "expiresNs"
  | "systemAnnotations"
>;

const NS_PER_MS = 1_000_000n;

/** The request with what was looked up for it. */
export function requestFacts(
  request: RequestPart,
  looked: Pick<Facts, "traits" | "resources">,
): FactValues {
  return new FactValues({
    roles: request.roles,
    suggestedReviewers: request.suggestedReviewers,
    user: request.user,
    requestReason: request.reason,
    creationTime: request.createdNs ?? nanoseconds(request.createdMs),
    expiry: request.expiresNs ?? nanoseconds(request.expiresMs),
    systemAnnotations: request.systemAnnotations,
    ...looked,
  });
}

function nanoseconds(ms: number | undefined): bigint | undefined {
  return ms === undefined ? undefined : BigInt(ms) * NS_PER_MS;
}
