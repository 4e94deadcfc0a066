/** Notices changes of a file quickly where the system can tell; polling does the rest. */

import { dirname } from "node:path";
import type { Log } from "../log.ts";

/** A file is written in several steps: their end is waited for. */
const QUIET_MS = 200;

/**
 * A function that resolves when something in the file's folder has changed: a file may be replaced by
 * renaming, and Kubernetes replaces a link beside it. Where the system cannot watch, it never resolves.
 */
export function watchFile(path: string, log: Log): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    let watcher: Deno.FsWatcher | undefined;
    const close = () => watcher?.close();
    try {
      watcher = Deno.watchFs(dirname(path), { recursive: false });
      signal.addEventListener("abort", close, { once: true });
      for await (const { kind } of watcher) {
        if (kind === "access") continue;
        return await quiet(signal);
      }
    } catch (error) {
      log.debug("Cannot watch the credentials' folder, looking at it at intervals", { error });
    } finally {
      signal.removeEventListener("abort", close);
      if (!signal.aborted) close();
    }
    // Closed or impossible: the caller's interval decides.
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
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
