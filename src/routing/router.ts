/** Decides who is mailed about a request. The reconciler asks once per request, before its first mail. */

import type { LogFields } from "../log.ts";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import type { RoutingTrace } from "./trace.ts";

/** Something about the routing of a request that the operator should know, as a warning. */
export interface Notice {
  readonly message: string;
  readonly fields: LogFields;
  /** What it is about, if it is not the request: then it is given once while that stays the same. */
  readonly about?: object;
}

/** Who is mailed about a request, and why. */
export interface Routed {
  /** In a stable order; each address once, whatever its case. */
  readonly recipients: readonly string[];
  readonly notices: readonly Notice[];
  /** How the decision was made, for the command `route` and the log. */
  readonly trace: RoutingTrace;
}

export interface Router {
  /**
   * Decides who is mailed. Aborting `signal` ends calls that are under way.
   *
   * @throws when the decision cannot be made now; the caller retries it with back-off
   */
  route(request: AccessRequest, signal: AbortSignal): Promise<Routed>;
}
