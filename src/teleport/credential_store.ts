/** The credentials for the next connection: read again each time, with the last valid ones as fallback. */

import { pause } from "../clock.ts";
import { orAborted } from "../abort.ts";
import type { Runtime } from "../runtime.ts";
import type { Credentials } from "./credentials.ts";
import { ClusterError } from "./errors.ts";
import { reasonOf } from "../text.ts";

/**
 * `tbot` writes in place: a partially written file is complete a moment later
 * (teleport-protocol.md §3.5).
 */
const TORN_FILE = { attempts: 3, pauseMs: 100 };

/** How credentials are loaded. */
export interface CredentialStoreDeps extends Pick<Runtime, "clock" | "log"> {
  /**
   * Reads and validates the files.
   *
   * @throws {ClusterError}
   */
  readonly load: () => Promise<Credentials>;
}

/** Loads credentials and remembers the last valid ones. */
export class CredentialStore {
  #last: Credentials | undefined;
  /** The last logged failure, so that each is logged once. */
  #complaint: string | undefined;

  constructor(private readonly deps: CredentialStoreDeps) {}

  /** The credentials read last, without reading the files; undefined before the first read. */
  get last(): Credentials | undefined {
    return this.#last;
  }

  /**
   * Reads the files. While they are unusable, the previous credentials stay in use until they expire.
   *
   * @throws {ClusterError} `credentials` when there are no valid credentials, `unavailable` when `signal`
   *   is aborted
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
        // The original's message (original.md §2.3).
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

/** The fields of credentials for a log line. */
export function describe({ subject, cluster, notAfterMs }: Credentials): Record<string, string> {
  return { user: subject, cluster, until: new Date(notAfterMs).toISOString() };
}
