/** The error of the simulated cluster's operations, like Teleport's trace errors. */

/**
 * The gRPC codes of teleport-protocol.md §4.3, by name, so that the cluster itself needs no gRPC.
 */
export type ErrorCode =
  | "INVALID_ARGUMENT"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "UNIMPLEMENTED"
  | "UNAVAILABLE"
  | "UNKNOWN"
  | "INTERNAL";

/** A refusal by the cluster; the auth server turns it into a status, the control API into a 400. */
export class ClusterError extends Error {
  constructor(readonly code: ErrorCode, message: string) {
    super(message);
    this.name = "ClusterError";
  }
}
