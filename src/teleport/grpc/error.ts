/** Maps gRPC statuses to `ClusterError` (teleport-protocol.md §4.3). */

import { status as Status } from "@grpc/grpc-js";
import { networkFault } from "../../net/network_fault.ts";
import { ClusterError, type ClusterErrorKind } from "../errors.ts";

const KINDS: Readonly<Record<number, ClusterErrorKind>> = {
  [Status.INVALID_ARGUMENT]: "invalid",
  [Status.DEADLINE_EXCEEDED]: "unavailable",
  [Status.NOT_FOUND]: "not-found",
  [Status.ALREADY_EXISTS]: "invalid",
  [Status.PERMISSION_DENIED]: "denied",
  [Status.RESOURCE_EXHAUSTED]: "unavailable",
  [Status.FAILED_PRECONDITION]: "invalid",
  [Status.UNIMPLEMENTED]: "unsupported",
  [Status.INTERNAL]: "unavailable",
  [Status.UNAVAILABLE]: "unavailable",
  [Status.UNAUTHENTICATED]: "credentials",
};

/** PERMISSION_DENIED messages that reject the identity rather than a permission of its role. */
const IDENTITY_REFUSED = /invalid client certificate|missing authentication|lock targeting/;

/** The call that failed, for the message. */
export interface CallContext {
  /** What the call does: `ping the server`. */
  readonly action: string;
  /** The configured `host:port`. */
  readonly address: string;
}

/** Whether an error is a gRPC status with this code. */
export function hasStatus(error: unknown, code: Status): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** Maps the error of a call to one line that names action, address and cause. */
export function toClusterError(error: unknown, context: CallContext): ClusterError {
  if (error instanceof ClusterError) return error;
  const options = { cause: error };
  const where = `Cannot ${context.action} at '${context.address}'`;
  // What grpc-js makes of trailers that it cannot read, as a broken server or proxy sends them.
  if (error instanceof Error && "code" in error && error.code === undefined) {
    return new ClusterError("unavailable", `${where}: the answer has no gRPC status`, options);
  }
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "number") {
    return new ClusterError("other", `${where}: ${oneLine(String(error))}`, options);
  }
  const details = oneLine("details" in error ? String(error.details) : error.message);
  if (error.code === Status.UNAVAILABLE) {
    return new ClusterError("unavailable", `${where}: ${networkFault(details)}`, options);
  }
  if (error.code === Status.DEADLINE_EXCEEDED) {
    return new ClusterError("unavailable", `${where}: no answer in time`, options);
  }
  if (error.code === Status.CANCELLED) {
    return new ClusterError("unavailable", `${where}: the call was cancelled`, options);
  }
  const kind = error.code === Status.PERMISSION_DENIED && IDENTITY_REFUSED.test(details)
    ? "credentials"
    : KINDS[error.code] ?? "other";
  return new ClusterError(kind, `${where}: ${details}`, options);
}

/** Teleport's wrapped errors have several lines (teleport-protocol.md §4.3). */
function oneLine(text: string): string {
  return text.replace(/\s*[\n\t]\s*/g, ", ").trim().slice(0, 500);
}
