/** The requester's email address: from the table of the configuration, a trait, or the user name. */

import type { LogFields } from "../log.ts";
import type { Runtime } from "../runtime.ts";
import type { Traits } from "../teleport/calls/users.ts";
import { ClusterError } from "../teleport/errors.ts";

/** Finds the email addresses of requesters. */
export interface Requesters {
  /**
   * The email address of the user who made a request; undefined when none is known. `about` says in log
   * messages what it is needed for.
   *
   * @throws {ClusterError} when the cluster cannot answer for the moment
   */
  addressOf(user: string, about: LogFields, signal: AbortSignal): Promise<string | undefined>;
}

export interface RequesterAddressesDeps extends Pick<Runtime, "clock" | "log"> {
  readonly cluster: {
    /** Undefined when the cluster does not know the user. */
    readTraits(user: string, signal: AbortSignal): Promise<Traits | undefined>;
  };
  /** Addresses by user name; they come first. */
  readonly addresses: ReadonlyMap<string, string>;
  /** The trait that has the address; undefined = none does. */
  readonly trait: string | undefined;
  /** Whether a text is an email address without a display name. */
  readonly isAddress: (text: string) => boolean;
}

/** The mails of a request's first minutes need one lookup; identity providers may change a user. */
const KEPT_FOR_MS = 10 * 60_000;
const KEPT_USERS = 1000;
/** A user whose traits cannot be read for longer must not hold up the mails to reviewers. */
const PATIENCE_MS = 60_000;

type Lookup =
  | { readonly state: "found"; readonly address: string | undefined; readonly atMs: number }
  | { readonly state: "failing"; readonly sinceMs: number };

export class RequesterAddresses implements Requesters {
  /** By user, the oldest first. */
  readonly #lookups = new Map<string, Lookup>();
  /** The role lacks the permission, and the log has a warning. */
  #isDenied = false;

  constructor(private readonly deps: RequesterAddressesDeps) {}

  async addressOf(
    user: string,
    about: LogFields,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { addresses, trait, isAddress, clock } = this.deps;
    if (user === "") return undefined;
    const listed = addresses.get(user);
    if (listed !== undefined) return listed;
    const own = isAddress(user) ? user : undefined;
    if (trait === undefined) return own;
    const known = this.#lookups.get(user);
    if (known?.state === "found" && Math.abs(clock.now() - known.atMs) < KEPT_FOR_MS) {
      return known.address ?? own;
    }
    try {
      const traits = await this.deps.cluster.readTraits(user, signal);
      this.#isDenied = false;
      const address = traits?.get(trait)?.find(isAddress);
      this.#keep(user, { state: "found", address, atMs: clock.now() });
      return address ?? own;
    } catch (error) {
      if (!(error instanceof ClusterError) || signal.aborted) throw error;
      this.#reportOrThrow(user, about, error);
      return own;
    }
  }

  #reportOrThrow(user: string, about: LogFields, error: ClusterError): void {
    const { log, clock, trait } = this.deps;
    const nowMs = clock.now();
    if (error.isTransient) {
      const known = this.#lookups.get(user);
      const sinceMs = known?.state === "failing" ? known.sinceMs : nowMs;
      this.#keep(user, { state: "failing", sinceMs });
      if (nowMs - sinceMs < PATIENCE_MS) throw error;
      return log.warn("Cannot look up the email address of a user, the user name is used", {
        ...about,
        trait,
        error,
      });
    }
    this.#keep(user, { state: "found", address: undefined, atMs: nowMs });
    if (this.#isDenied) return;
    this.#isDenied = true;
    log.warn("Users are mailed by their user names: the role may not read users", {
      trait,
      error,
    });
  }

  #keep(user: string, lookup: Lookup): void {
    this.#lookups.delete(user);
    this.#lookups.set(user, lookup);
    const [oldest] = this.#lookups.keys();
    if (this.#lookups.size > KEPT_USERS && oldest !== undefined) this.#lookups.delete(oldest);
  }
}
