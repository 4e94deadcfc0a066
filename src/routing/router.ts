/** Chooses the recipients of a request's emails. The reconciler asks once per request, before the first. */

import type { LogFields } from "../log.ts";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import type { FollowUps } from "./follow_ups.ts";
import type { RoutingTrace } from "./trace.ts";

/** Something about the routing of a request that the operator should know, as a warning. */
export interface Notice {
  readonly message: string;
  readonly fields: LogFields;
  /** What it is about, if it is not the request: then it is given once while that stays the same. */
  readonly about?: object;
}

/** The recipients of a request's emails, and why they are. */
export interface Routed {
  /** Recipients of the first email, in a stable order; each address once, whatever its case. */
  readonly recipients: readonly string[];
  /** Absent where all emails go to the recipients of the first one. */
  readonly followUps?: FollowUps;
  readonly notices: readonly Notice[];
  /** How the decision was made, for the command `route` and the log. */
  readonly trace: RoutingTrace;
}

/** The owners of an access list, as far as they can be mailed. */
export interface ListOwners {
  readonly addresses: readonly string[];
  readonly notices: readonly Notice[];
}

export interface Router {
  /**
   * Chooses the recipients. Aborting `signal` ends calls that are under way.
   *
   * @throws when the decision cannot be made now; the caller retries it with back-off
   */
  route(request: AccessRequest, signal: AbortSignal): Promise<Routed>;

  /**
   * The owners of the access list to which a request was promoted; none where the cluster refuses to name
   * them.
   *
   * @throws {ClusterError} when the cluster cannot answer for the moment; the caller retries it
   */
  listOwners(request: AccessRequest, signal: AbortSignal): Promise<ListOwners>;
}
