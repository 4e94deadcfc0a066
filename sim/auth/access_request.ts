/**
 * Builds access requests and reviews as Teleport's Go code puts them on the wire
 * (teleport-protocol.md §1.1, §1.5).
 */

import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromDate, TimestampSchema } from "@bufbuild/protobuf/wkt";
import {
  type AccessRequestV3,
  AccessRequestV3Schema,
  type AccessReview,
  AccessReviewSchema,
  RequestState,
  type ResourceID,
} from "../../src/teleport/generated/types_pb.ts";

/** So many approvals, or so many denials, decide a request. */
export interface Thresholds {
  readonly approve: number;
  readonly deny: number;
}

/** A request as a person would make it; what is left out has a harmless default. */
export interface NewRequest {
  readonly user?: string;
  readonly roles?: readonly string[];
  readonly reason?: string;
  readonly reviewers?: readonly string[];
  readonly resources?: readonly Omit<ResourceID, "$typeName" | "$unknown">[];
  /** Absent = reviews are only recorded, and `setState` decides. */
  readonly thresholds?: Thresholds;
  /** Default a random UUID. */
  readonly id?: string;
  readonly created?: Date;
  /** End of the access, `Spec.Expires`; default 12 hours from its creation. */
  readonly accessExpires?: Date;
  /** When the pending request vanishes, `Metadata.Expires`; default an hour from its creation. */
  readonly expires?: Date;
}

/** A review as a person would give it. */
export interface NewReview {
  readonly author: string;
  readonly state: RequestState;
  readonly reason?: string;
  readonly accessList?: { readonly name: string; readonly title: string };
}

const ACCESS_TTL_MS = 12 * 3_600_000;
const PENDING_TTL_MS = 3_600_000;

/** Go's zero time, which is how a time that is not nullable arrives when nobody has set it. */
export const ZERO_TIME: Timestamp = create(TimestampSchema, { seconds: -62_135_596_800n });

/** Whether a timestamp says nothing: absent, year 1 or epoch 0. */
export function isUnset(time: Timestamp | undefined): boolean {
  return time === undefined || time.seconds <= 0n;
}

/** A pending request. */
export function buildRequest(request: NewRequest, now: Date): AccessRequestV3 {
  const created = request.created ?? now;
  const after = (ms: number) => new Date(created.getTime() + ms);
  const roles = [...request.roles ?? ["dev"]];
  const { thresholds } = request;
  // Every role is decided by the one set that holds the one threshold.
  const mapping = thresholds ? roles.map((role) => [role, { Sets: [{ Indexes: [0] }] }]) : [];
  return create(AccessRequestV3Schema, {
    Kind: "access_request",
    Version: "v3",
    Metadata: {
      Name: request.id ?? crypto.randomUUID(),
      Namespace: "default",
      Expires: timestampFromDate(request.expires ?? after(PENDING_TTL_MS)),
    },
    Spec: {
      User: request.user ?? "alice@example.com",
      Roles: roles,
      State: RequestState.PENDING,
      Created: timestampFromDate(created),
      Expires: timestampFromDate(request.accessExpires ?? after(ACCESS_TTL_MS)),
      RequestReason: request.reason ?? "",
      ResolveAnnotations: {},
      SystemAnnotations: {},
      Thresholds: thresholds
        ? [{ Name: "default", Approve: thresholds.approve, Deny: thresholds.deny }]
        : [],
      RoleThresholdMapping: Object.fromEntries(mapping),
      SuggestedReviewers: [...request.reviewers ?? []],
      RequestedResourceIDs: [...request.resources ?? []],
      MaxDuration: ZERO_TIME,
      SessionTTL: ZERO_TIME,
    },
  });
}

/** A review, dated now. */
export function buildReview(review: NewReview, now: Date): AccessReview {
  return create(AccessReviewSchema, {
    Author: review.author,
    ProposedState: review.state,
    Reason: review.reason ?? "",
    Created: timestampFromDate(now),
    Annotations: {},
    ...review.accessList && {
      accessList: { Name: review.accessList.name, Title: review.accessList.title },
    },
  });
}
