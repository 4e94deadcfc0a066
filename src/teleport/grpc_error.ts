/** The one place that turns gRPC statuses into our errors (wire.md §4.3). */

import { status as Status } from "@grpc/grpc-js";
import { ClusterError, type ClusterErrorKind } from "./errors.ts";

const KINDS: Readonly<Record<number, ClusterErrorKind>> = {
  [Status.CANCELLED]: "unavailable",
  [Status.INVALID_ARGUMENT]: "invalid",
  [Status.DEADLINE_EXCEEDED]: "unavailable",
  [Status.NOT_FOUND]: "invalid",
  [Status.ALREADY_EXISTS]: "invalid",
  [Status.PERMISSION_DENIED]: "denied",
  [Status.RESOURCE_EXHAUSTED]: "unavailable",
  [Status.FAILED_PRECONDITION]: "invalid",
  [Status.UNIMPLEMENTED]: "unsupported",
  [Status.INTERNAL]: "unavailable",
  [Status.UNAVAILABLE]: "unavailable",
  [Status.UNAUTHENTICATED]: "credentials",
};

/** PERMISSION_DENIED that is about who we are and not about what our role may do. */
const IDENTITY_REFUSED = /invalid client certificate|missing authentication|lock targeting/;

/** What the operating system and the resolver say, in words. */
const NETWORK_FAULTS: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED|connection refused/i, "connection refused: nobody listens there"],
  [/ETIMEDOUT|timed out/i, "timed out"],
  [/EHOSTUNREACH|no route to host/i, "no route to the host"],
  [/ENETUNREACH|network is unreachable/i, "the network cannot be reached"],
  [
    /ENOTFOUND|EAI_AGAIN|Name resolution failed|failed to lookup/i,
    "the host name does not resolve",
  ],
  [/ECONNRESET|connection reset/i, "the connection was reset"],
];

export interface CallContext {
  /** What was tried, for the message: `ping the server`. */
  readonly action: string;
  /** `host:port` of the configuration. */
  readonly address: string;
  /** Why the last attempt to connect failed, as far as it got to TLS. */
  readonly connectError: ClusterError | undefined;
}

/** Whether an error is a gRPC status with this code. */
export function hasStatus(error: unknown, code: Status): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** Maps what a call failed with to one line that names action, address and cause. */
export function toClusterError(error: unknown, context: CallContext): ClusterError {
  if (error instanceof ClusterError) return error;
  const options = { cause: error };
  const where = `Cannot ${context.action} at '${context.address}'`;
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "number") {
    return new ClusterError("other", `${where}: ${String(error)}`, options);
  }
  const details = oneLine("details" in error ? String(error.details) : error.message);
  if (error.code === Status.UNAVAILABLE) {
    const { connectError } = context;
    // grpc-js passes on our error's text only; a later failure before TLS has other words.
    if (connectError !== undefined && details.includes(connectError.message)) {
      return new ClusterError(connectError.kind, `${where}: ${connectError.message}`, options);
    }
    const fault = NETWORK_FAULTS.find(([pattern]) => pattern.test(details))?.[1];
    return new ClusterError("unavailable", `${where}: ${fault ?? details}`, options);
  }
  if (error.code === Status.DEADLINE_EXCEEDED) {
    return new ClusterError("unavailable", `${where}: no answer in time`, options);
  }
  const kind = error.code === Status.PERMISSION_DENIED && IDENTITY_REFUSED.test(details)
    ? "credentials"
    : KINDS[error.code] ?? "other";
  return new ClusterError(kind, `${where}: ${details}`, options);
}

/** Teleport's wrapped errors come on several lines (wire.md §4.3). */
function oneLine(text: string): string {
  return text.replace(/\s*[\n\t]\s*/g, ", ").trim().slice(0, 500);
}
