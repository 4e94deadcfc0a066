/**
 * Builds access requests and reviews as Teleport's Go code encodes them
 * (teleport-protocol.md §1.1, §1.5).
 */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromDate, TimestampSchema } from "@bufbuild/protobuf/wkt";
import {
  AccessRequestKind,
  type AccessRequestSpecV3,
  type AccessRequestSpecV3Schema,
  type AccessRequestV3,
  AccessRequestV3Schema,
  type AccessReview,
  AccessReviewSchema,
  RequestState,
  type ResourceConstraintsSchema,
} from "../../src/teleport/generated/types_pb.ts";

/** The number of approvals, or of denials, that decide a request. */
export interface Thresholds {
  readonly approve: number;
  readonly deny: number;
}

/** One of several thresholds. */
export interface NamedThreshold extends Thresholds {
  readonly name?: string;
  /** Only reported: every reviewer counts. */
  readonly filter?: string;
}

/** A requested resource with its constraints. */
export interface NewRequestedResource {
  /** Default the cluster's name. */
  readonly cluster?: string;
  readonly kind: string;
  readonly name: string;
  readonly part?: string;
  /** At most one of these constraints. */
  readonly roleArns?: readonly string[];
  readonly logins?: readonly string[];
  readonly desktopLogins?: readonly string[];
  readonly database?: {
    readonly users?: readonly string[];
    readonly names?: readonly string[];
    readonly roles?: readonly string[];
  };
}

/** A request to make; omitted fields have harmless defaults. */
export interface NewRequest {
  readonly user?: string;
  readonly roles?: readonly string[];
  readonly reason?: string;
  readonly reviewers?: readonly string[];
  readonly resources?: readonly NewRequestedResource[];
  /** The fields that contain the resources; default 26 with constraints, else 14. */
  readonly resourcesIn?: "14" | "26" | "both";
  /** Absent = reviews are only recorded, and `setState` decides. */
  readonly thresholds?: Thresholds | readonly NamedThreshold[];
  /** By role, sets of indexes in `thresholds`; default one set with all of them. */
  readonly roleThresholds?: Readonly<Record<string, readonly (readonly number[])[]>>;
  /** Default a random UUID. */
  readonly id?: string;
  readonly created?: Date;
  /** End of the access, `Spec.Expires`; default 12 hours from its creation. */
  readonly accessExpires?: Date;
  /** When the pending request is deleted, `Metadata.Expires`; default an hour from its creation. */
  readonly expires?: Date;
  readonly maxDuration?: Date;
  readonly sessionTtl?: Date;
  readonly assumeStart?: Date;
  /** Default none, as before Teleport 18. */
  readonly kind?: "short" | "long";
  /** Of a long-term request: the access list that grants all of its resources. */
  readonly recommendedAccessList?: string;
  /** Of a long-term request: why its resources cannot be granted together. */
  readonly validation?: string;
  readonly loginHint?: string;
  readonly annotations?: Readonly<Record<string, readonly string[]>>;
}

/** A review to add. */
export interface NewReview {
  readonly author: string;
  readonly state: RequestState;
  readonly reason?: string;
  readonly accessList?: { readonly name: string; readonly title: string };
  readonly assumeStart?: Date;
  readonly submittedBy?: string;
}

const ACCESS_TTL_MS = 12 * 3_600_000;
const PENDING_TTL_MS = 3_600_000;

/** Go's zero time, the value of an unset time that is not nullable. */
export const ZERO_TIME: Timestamp = create(TimestampSchema, { seconds: -62_135_596_800n });

/** Whether a timestamp is unset: absent, year 1 or epoch 0. */
export function isUnset(time: Timestamp | undefined): boolean {
  return time === undefined || time.seconds <= 0n;
}

/** Builds a pending request in the named cluster. */
export function buildRequest(request: NewRequest, now: Date, cluster: string): AccessRequestV3 {
  const created = request.created ?? now;
  const after = (ms: number) => new Date(created.getTime() + ms);
  const roles = [...request.roles ?? ["dev"]];
  const expires = timestampFromDate(request.expires ?? after(PENDING_TTL_MS));
  return create(AccessRequestV3Schema, {
    Kind: "access_request",
    Version: "v3",
    Metadata: {
      Name: request.id ?? crypto.randomUUID(),
      Namespace: "default",
      Expires: expires,
    },
    Spec: {
      User: request.user ?? "alice@example.com",
      Roles: roles,
      State: RequestState.PENDING,
      Created: timestampFromDate(created),
      Expires: timestampFromDate(request.accessExpires ?? after(ACCESS_TTL_MS)),
      RequestReason: request.reason ?? "",
      ResolveAnnotations: {},
      SystemAnnotations: {
        Values: Object.fromEntries(
          Object.entries(request.annotations ?? {}).map((
            [key, values],
          ) => [key, { Values: [...values] }]),
        ),
      },
      ...thresholdFields(request, roles),
      SuggestedReviewers: [...request.reviewers ?? []],
      ...resourceFields(request, cluster),
      LoginHint: request.loginHint ?? "",
      MaxDuration: timeOrZero(request.maxDuration),
      SessionTTL: timeOrZero(request.sessionTtl),
      ...request.assumeStart && { AssumeStartTime: timestampFromDate(request.assumeStart) },
      ResourceExpiry: expires,
      ...kindFields(request, cluster),
    },
  });
}

/** Builds a review, dated now, which counts for the given number of thresholds. */
export function buildReview(review: NewReview, now: Date, thresholds = 0): AccessReview {
  return create(AccessReviewSchema, {
    Author: review.author,
    ProposedState: review.state,
    Reason: review.reason ?? "",
    Created: timestampFromDate(now),
    Annotations: {},
    ThresholdIndexes: Array.from({ length: thresholds }, (_, index) => index),
    SubmittedBy: review.submittedBy ?? "",
    ...review.assumeStart && { AssumeStartTime: timestampFromDate(review.assumeStart) },
    ...review.accessList && {
      accessList: { Name: review.accessList.name, Title: review.accessList.title },
    },
  });
}

type SpecFields = Exclude<
  MessageInitShape<typeof AccessRequestSpecV3Schema>,
  AccessRequestSpecV3
>;

function thresholdFields({ thresholds = [], roleThresholds }: NewRequest, roles: string[]) {
  const list: readonly NamedThreshold[] = "approve" in thresholds
    ? [{ name: "default", ...thresholds }]
    : thresholds;
  if (list.length === 0) return {};
  const sets = (role: string) => roleThresholds?.[role] ?? [list.map((_, index) => index)];
  return {
    Thresholds: list.map(({ name = "", filter = "", approve, deny }) => ({
      Name: name,
      Filter: filter,
      Approve: approve,
      Deny: deny,
    })),
    RoleThresholdMapping: Object.fromEntries(
      roles.map((role) => [role, { Sets: sets(role).map((set) => ({ Indexes: [...set] })) }]),
    ),
  } satisfies SpecFields;
}

function resourceFields({ resources = [], resourcesIn }: NewRequest, cluster: string): SpecFields {
  const described = resources.map((resource) => ({
    id: resourceId(resource, cluster),
    constraints: constraintsOf(resource),
  }));
  const isConstrained = described.some(({ constraints }) => constraints !== undefined);
  const where = resourcesIn ?? (isConstrained ? "26" : "14");
  return {
    RequestedResourceIDs: where === "26" ? [] : described.map(({ id }) => id),
    RequestedResourceAccessIDs: where === "14" ? [] : described.map(({ id, constraints }) => ({
      id,
      ...constraints && { constraints },
    })),
  };
}

function resourceId({ kind, name, part = "", cluster }: NewRequestedResource, own: string) {
  return { ClusterName: cluster ?? own, Kind: kind, Name: name, SubResourceName: part };
}

function constraintsOf(
  { roleArns, logins, desktopLogins, database }: NewRequestedResource,
): MessageInitShape<typeof ResourceConstraintsSchema> | undefined {
  const version = "v1";
  if (roleArns) {
    return { version, details: { case: "awsConsole", value: { roleArns: [...roleArns] } } };
  }
  if (logins) return { version, details: { case: "ssh", value: { logins: [...logins] } } };
  if (desktopLogins) {
    return { version, details: { case: "windowsDesktop", value: { logins: [...desktopLogins] } } };
  }
  if (database === undefined) return undefined;
  const { users = [], names = [], roles = [] } = database;
  const value = { users: [...users], names: [...names], roles: [...roles] };
  return { version, details: { case: "database", value } };
}

function kindFields(request: NewRequest, cluster: string): SpecFields {
  const { kind, recommendedAccessList = "", validation = "", resources = [] } = request;
  if (kind === undefined) return {};
  if (kind === "short") return { RequestKind: AccessRequestKind.SHORT_TERM };
  const ids = resources.map((resource) => resourceId(resource, cluster));
  return {
    RequestKind: AccessRequestKind.LONG_TERM,
    LongTermGrouping: {
      AccessListToResources: recommendedAccessList === ""
        ? {}
        : { [recommendedAccessList]: { ResourceIds: ids } },
      RecommendedAccessList: recommendedAccessList,
      ValidationMessage: validation,
      CanProceed: validation === "",
    },
  };
}

function timeOrZero(time: Date | undefined): Timestamp {
  return time === undefined ? ZERO_TIME : timestampFromDate(time);
}
