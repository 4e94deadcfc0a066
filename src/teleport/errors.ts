/** The one error type of the cluster's side; foreign errors are mapped to it in `grpc_error.ts`. */

/**
 * - `unavailable`: no connection, or the server cannot answer now
 * - `denied`: the role lacks a permission
 * - `credentials`: the server or we refuse the credentials
 * - `unsupported`: the server does not know the call, or is too old
 * - `not-found`: what the call is about does not exist
 * - `invalid`: the server does not accept what was sent
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

export class ClusterError extends Error {
  override readonly name = "ClusterError";

  constructor(readonly kind: ClusterErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
  }

  /** Whether trying again later may help without anybody changing anything. */
  get isTransient(): boolean {
    return this.kind === "unavailable" || this.kind === "other";
  }
}
