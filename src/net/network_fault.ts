import { reasonOf } from "../text.ts";
/** Phrases for errors of the operating system and the resolver. */

const FAULTS: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED|connection refused/i, "connection refused: nothing is listening on that port"],
  [/ETIMEDOUT|timed out/i, "timed out"],
  [/EHOSTUNREACH|no route to host/i, "no route to the host"],
  [/ENETUNREACH|network is unreachable/i, "the network cannot be reached"],
  [/ECONNRESET|EPIPE|connection reset|broken pipe|socket hang up/i, "the connection was reset"],
  [/EACCES|EPERM|NotCapable|permission denied/i, "not permitted on this machine"],
];

/** Returns the phrase for a socket or resolver error, or the error's own message if it has none. */
export function networkFault(error: unknown): string {
  const text = reasonOf(error);
  return FAULTS.find(([pattern]) => pattern.test(text))?.[1] ?? text;
}

/** The same for an error of `fetch`, whose message says only "fetch failed": the reason is its cause. */
export function fetchFault(error: unknown): string {
  return error instanceof Error && error.cause !== undefined
    ? fetchFault(error.cause)
    : networkFault(error);
}
