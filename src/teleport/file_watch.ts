/** Detects changes of a file immediately where file notifications work; callers poll besides. */

import { aborted } from "../abort.ts";
import type { Log } from "../log.ts";

/** Delay after the first change, because a file is written in several steps. */
const QUIET_MS = 200;

/**
 * Returns a function that resolves when the file changes: when it is written, another is renamed over it,
 * or Kubernetes removes the directory that a symbolic link led to. Where watching fails, as while the file
 * is missing, it resolves only with `signal`. It does not watch the file's directory, because Deno opens
 * what is new in there, and a named pipe would block the program
 * (docs/internals/decisions/runtime.md).
 */
export function watchFile(path: string, log: Log): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    let watcher: Deno.FsWatcher | undefined;
    const close = () => watcher?.close();
    try {
      watcher = Deno.watchFs(path, { recursive: false });
      signal.addEventListener("abort", close, { once: true });
      for await (const { kind } of watcher) {
        if (kind === "access") continue;
        return await quiet(signal);
      }
    } catch (error) {
      log.debug("Cannot watch the file of the credentials, polling it instead", { error });
    } finally {
      signal.removeEventListener("abort", close);
      if (!signal.aborted) close();
    }
    // Closed or impossible: the caller's interval decides.
    await aborted(signal);
  };
}

function quiet(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, QUIET_MS);
    signal.addEventListener("abort", done);
  });
}
