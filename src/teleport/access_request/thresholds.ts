/** Review thresholds: how many reviews decide a request. */

import type { AccessRequestSpecV3 } from "../generated/types_pb.ts";

/** A review threshold. */
export interface Threshold {
  readonly name: string;
  /** A predicate on the reviewer; "" = every reviewer counts. */
  readonly filter: string;
  /** Number of approvals that reach it; 0 = approvals do not count. */
  readonly approve: number;
  /** Number of denials that reach it; 0 = denials do not count. */
  readonly deny: number;
}

/**
 * Indexes of thresholds in the request's list; reaching one of them satisfies the set. A role is granted
 * once all of its sets are satisfied.
 */
export type ThresholdSet = readonly number[];

/** The thresholds of a request, and which of them apply to each role. */
export interface Thresholds {
  readonly thresholds: readonly Threshold[];
  /** By role, in the order of the server's map; empty when reviews cannot decide the request. */
  readonly roleThresholds: ReadonlyMap<string, readonly ThresholdSet[]>;
}

const NONE: Thresholds = { thresholds: [], roleThresholds: new Map() };

/** Reads the thresholds of a request. */
export function readThresholds(spec: AccessRequestSpecV3 | undefined): Thresholds {
  if (spec === undefined || spec.Thresholds.length === 0) return NONE;
  return {
    thresholds: spec.Thresholds.map((threshold) => ({
      name: threshold.Name,
      filter: threshold.Filter,
      approve: threshold.Approve,
      deny: threshold.Deny,
    })),
    roleThresholds: new Map(
      Object.entries(spec.RoleThresholdMapping).map(([role, { Sets: sets }]) => [
        role,
        sets.map(({ Indexes: indexes }) => indexes),
      ]),
    ),
  };
}

/** What is still to come of one threshold. */
export interface ThresholdProgress {
  readonly name: string;
  readonly approvals: number;
  /** At least 1. */
  readonly approvalsNeeded: number;
}

/** How far the approval of some roles is, which need the same. */
export interface RoleProgress {
  readonly roles: readonly string[];
  /** One for each set of thresholds; all of them are needed. */
  readonly thresholds: readonly ThresholdProgress[];
}

/** The part of a review that decisions depend on. */
export interface Vote {
  readonly state: string;
  readonly thresholdIndexes?: readonly number[];
}

/** The part of a request that its progress depends on. */
export interface Reviewed<V extends Vote = Vote> extends Thresholds {
  readonly roles: readonly string[];
  readonly reviews: readonly V[];
}

/**
 * How many approvals each role has and needs, in the order of the request, roles with the same progress
 * together. Of a set that any threshold is enough for, the one that lacks the fewest approvals counts.
 * Roles that no review can grant are left out.
 */
export function approvalProgress(request: Reviewed): readonly RoleProgress[] {
  const ofRoles = request.roles.map((role) => {
    const sets = request.roleThresholds.get(role) ?? [];
    const thresholds = sets.flatMap((set) => nearest(set, request) ?? []);
    // One threshold that stands in several sets is needed once.
    const distinct = [...new Map(thresholds.map((t) => [t.index, t])).values()];
    return { role, thresholds: distinct.map(({ index: _, ...progress }) => progress) };
  }).filter(({ thresholds }) => thresholds.length > 0);
  const groups = Map.groupBy(ofRoles, ({ thresholds }) => JSON.stringify(thresholds));
  return [...groups.values()].map((group) => ({
    roles: group.map(({ role }) => role),
    thresholds: group[0]?.thresholds ?? [],
  }));
}

function nearest(
  set: ThresholdSet,
  { thresholds, reviews }: Reviewed,
): ThresholdProgress & { readonly index: number } | undefined {
  const progress = set.flatMap((index) => {
    const threshold = thresholds[index];
    if (threshold === undefined || threshold.approve === 0) return [];
    const approving = reviews.filter(({ state }) => state === "APPROVED" || state === "PROMOTED");
    const approvals = countFor(approving, index);
    return [{ index, name: threshold.name, approvals, approvalsNeeded: threshold.approve }];
  });
  return progress.toSorted((a, b) => missing(a) - missing(b))[0];
}

function missing({ approvals, approvalsNeeded }: ThresholdProgress): number {
  return Math.max(0, approvalsNeeded - approvals);
}

/**
 * The reviews that made a decided request what it is; none when it was decided otherwise, as by
 * `tctl requests approve`.
 */
export function decidingReviews<V extends Vote>(
  request: Reviewed<V> & { readonly state: string },
): readonly V[] {
  const { state, reviews, thresholds } = request;
  const agreeing = reviews.filter((review) => review.state === state);
  if (state === "DENIED") {
    const isReached = thresholds.some(({ deny }, index) =>
      deny > 0 && countFor(agreeing, index) >= deny
    );
    return isReached ? agreeing : [];
  }
  if (state !== "APPROVED" && state !== "PROMOTED") return [];
  const progress = approvalProgress(request);
  const isReached = progress.length > 0 &&
    progress.every(({ thresholds }) => thresholds.every((threshold) => missing(threshold) === 0));
  return isReached ? agreeing : [];
}

function countFor(reviews: readonly Vote[], index: number): number {
  return reviews.filter(({ thresholdIndexes = [] }) => thresholdIndexes.includes(index)).length;
}
