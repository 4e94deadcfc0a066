/** Reading files that may hang: a dead network file system, a named pipe without a writer. */

import { orAborted } from "../abort.ts";
import { startDeadline } from "./deadline.ts";

const READ_MS = 10_000;

/**
 * Calls `read` with a limit of ten seconds. While an earlier read hangs, the next call waits for it instead
 * of starting another, since each occupies a thread of the process.
 *
 * @throws {Error} the result of `expired` on a timeout
 */
export function boundedRead<T>(
  read: () => Promise<T>,
  expired: (afterS: number) => Error,
  timeoutMs = READ_MS,
): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return async () => {
    reading ??= read().finally(() => reading = undefined);
    const current = reading;
    using deadline = startDeadline(timeoutMs);
    try {
      return await orAborted(current, deadline.signal);
    } catch (error) {
      if (!deadline.expired) throw error;
      current.catch(() => {});
      throw expired(timeoutMs / 1000);
    }
  };
}
