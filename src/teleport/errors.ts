/** The error type of everything that talks to the cluster; `grpc/error.ts` maps gRPC errors to it. */

/**
 * - `unavailable`: no connection, or the server cannot answer at present
 * - `denied`: the role lacks a permission
 * - `credentials`: the credentials are invalid, or one side rejects the other's certificate
 * - `unsupported`: the server does not support the call, or is too old
 * - `not-found`: the object of the call does not exist
 * - `invalid`: the server rejects the request
 * - `other`: anything else
 */
export type ClusterErrorKind =
  | "unavailable"
  | "denied"
  | "credentials"
  | "unsupported"
  | "not-found"
  | "invalid"
  | "other";

/** A failed connection or call; `message` is one line for the operator. */
export class ClusterError extends Error {
  override readonly name = "ClusterError";

  constructor(readonly kind: ClusterErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
  }

  /** Whether a retry may succeed without a change by the operator. */
  get isTransient(): boolean {
    return this.kind === "unavailable" || this.kind === "other";
  }
}
