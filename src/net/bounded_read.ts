/** Reading files that may hang: a dead network file system, a named pipe without a writer. */

import { orAborted } from "../abort.ts";
import { startDeadline } from "./deadline.ts";

const READ_MS = 10_000;

/**
 * Reads as `read` does, but for ten seconds at most. While an earlier reading hangs, the next call waits
 * for that one instead of starting another, since each occupies a thread of the process.
 *
 * @throws {Error} what `expired` makes when the time is over
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
