/** Decides who is mailed about a request. The reconciler asks once per request, before its first mail. */

import type { LogFields } from "../log.ts";
import type { AccessRequest } from "../teleport/access_request/read.ts";

/** Something about the routing of a request that the operator should know; logged once as a warning. */
export interface Notice {
  readonly message: string;
  readonly fields: LogFields;
}

/** One step of a decision: what was considered, whom it adds, and why. */
export interface RouteStep {
  /** For example `role 'dba'`. */
  readonly subject: string;
  /** Addresses that this step adds; empty when it adds none. */
  readonly recipients: readonly string[];
  /** For example `entry 'dba' of role_to_recipients`. */
  readonly reason: string;
}

/** Who is mailed about a request, and why. */
export interface Routed {
  /** In a stable order; each address once, whatever its case. */
  readonly recipients: readonly string[];
  readonly notices: readonly Notice[];
  /** The decision step by step, for the command `route`. */
  readonly trace: readonly RouteStep[];
}

export interface Router {
  /**
   * Decides who is mailed. Aborting `signal` ends calls that are under way.
   *
   * @throws when the decision cannot be made now; the caller retries it with back-off
   */
  route(request: AccessRequest, signal: AbortSignal): Promise<Routed>;
}
