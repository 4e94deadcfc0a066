/** How many reviews decide a request. */

import type { AccessRequestSpecV3 } from "../generated/types_pb.ts";

/** One threshold, by its place in the request's list. */
export interface Threshold {
  readonly name: string;
  /** A predicate on the reviewer; "" = every reviewer counts. */
  readonly filter: string;
  /** Approvals that reach it; 0 = none can. */
  readonly approve: number;
  /** Denials that reach it; 0 = none can. */
  readonly deny: number;
}

/**
 * Places of thresholds in the request's list, any one of which is enough. A role is granted once one
 * threshold of each of its sets is reached.
 */
export type ThresholdSet = readonly number[];

export interface Thresholds {
  readonly thresholds: readonly Threshold[];
  /** By role, in the order of the server's map; empty where no review can decide. */
  readonly roleThresholds: ReadonlyMap<string, readonly ThresholdSet[]>;
}

const NONE: Thresholds = { thresholds: [], roleThresholds: new Map() };

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
