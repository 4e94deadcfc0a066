/** The credentials that the next connection uses: read anew each time, never worse than the last ones. */

import { pause } from "../clock.ts";
import { orAborted } from "../net/deadline.ts";
import type { Runtime } from "../runtime.ts";
import type { Credentials } from "./credentials.ts";
import { ClusterError } from "./errors.ts";
import { reasonOf } from "../text.ts";

/**
 * `tbot` writes in place: a file that is being written is whole a moment later
 * (teleport-protocol.md §3.5).
 */
const TORN_FILE = { attempts: 3, pauseMs: 100 };

export interface CredentialStoreDeps extends Pick<Runtime, "clock" | "log"> {
  /** Reads and checks the files. Rejects with `ClusterError`. */
  readonly load: () => Promise<Credentials>;
}

export class CredentialStore {
  #last: Credentials | undefined;
  /** The fault that has been logged, so that it is logged once. */
  #complaint: string | undefined;

  constructor(private readonly deps: CredentialStoreDeps) {}

  /** The last ones read, without looking at the files; undefined before the first time. */
  get last(): Credentials | undefined {
    return this.#last;
  }

  /**
   * Reads the files. While they cannot be used, what was read before stays in use for as long as it is
   * valid.
   *
   * @throws {ClusterError} of kind `credentials` when there is nothing valid, `unavailable` when `signal` is
   *   aborted
   */
  async read(signal: AbortSignal): Promise<Credentials> {
    const { clock, log } = this.deps;
    try {
      const fresh = await this.#load(signal);
      if (this.#complaint !== undefined) log.info("Credentials can be read again");
      this.#complaint = undefined;
      if (this.#last !== undefined && this.#last.certPem !== fresh.certPem) {
        log.info("Credentials were renewed", describe(fresh));
      }
      this.#last = fresh;
      return fresh;
    } catch (error) {
      if (signal.aborted) throw error;
      const last = this.#last;
      if (last === undefined || last.notAfterMs <= clock.now()) throw error;
      const message = reasonOf(error);
      if (this.#complaint !== message) {
        // The original's words (original.md §2.3).
        log.error("Failed to reload identity file from disk.", { error, ...describe(last) });
      }
      this.#complaint = message;
      return last;
    }
  }

  async #load(signal: AbortSignal): Promise<Credentials> {
    const { load, clock } = this.deps;
    for (let attempt = 1;; attempt++) {
      try {
        return await orAborted(load(), signal);
      } catch (error) {
        if (signal.aborted) {
          throw new ClusterError("unavailable", "the call was cancelled");
        }
        const mayBeTorn = error instanceof ClusterError && !error.message.includes("expired");
        if (!mayBeTorn || attempt === TORN_FILE.attempts) throw error;
        await pause(clock, TORN_FILE.pauseMs, signal);
      }
    }
  }
}

/** What a log line says of credentials. */
export function describe({ subject, cluster, notAfterMs }: Credentials): Record<string, string> {
  return { user: subject, cluster, until: new Date(notAfterMs).toISOString() };
}
