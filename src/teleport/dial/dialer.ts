/** Connects to the auth server by the first connection method that works, or explains why none does. */

import type { TLSSocket } from "node:tls";
import type { Clock } from "../../clock.ts";
import { type Attempt, staggeredRace } from "../../net/staggered_race.ts";
import { ClusterError } from "../errors.ts";
import { diagnose } from "./diagnose.ts";
import { dialDirectly } from "./direct.ts";
import { HandshakeError } from "./handshake_error.ts";
import { dialBySsh } from "./ssh/dial.ts";
import { dialByUpgrade, dialByUpgradeIfNeeded } from "./upgrade.ts";
import {
  type ConnectionMethod,
  type Dial,
  type DialContext,
  MethodNotApplicable,
} from "./method.ts";

/** Cheapest first. */
const METHODS: readonly ConnectionMethod[] = ["direct", "upgrade", "ssh"];

const NAMES: Readonly<Record<ConnectionMethod, string>> = {
  direct: "directly",
  upgrade: "by connection upgrade",
  ssh: "by SSH tunnel",
};

/** When the next method starts beside one that has not connected yet; either may win. */
const OVERLAP_MS = 1_000;
/** Limit for the whole dial, all methods together. */
const DIAL_TIMEOUT_MS = 45_000;

/** An established connection and the method that made it. */
export interface Dialed {
  readonly stream: TLSSocket;
  readonly method: ConnectionMethod;
}

/** What a dialer needs. */
export interface DialerDeps {
  readonly via: ConnectionMethod | "auto";
  readonly clock: Clock;
  /** For tests. */
  readonly methods?: Readonly<Record<ConnectionMethod, Dial>>;
  readonly overlapMs?: number;
}

/** Dials, and remembers the method that worked: the next dial tries it first, with a head start. */
export class Dialer {
  #last: ConnectionMethod | undefined;

  constructor(private readonly deps: DialerDeps) {}

  /**
   * Connects to the auth server.
   *
   * @throws {ClusterError} one line with the cause of each method
   */
  async dial(context: DialContext, signal: AbortSignal): Promise<Dialed> {
    const { via, clock, overlapMs = OVERLAP_MS } = this.deps;
    const order = via === "auto" ? this.#order() : [via];
    const dialBy = this.deps.methods ?? {
      direct: dialDirectly,
      upgrade: via === "auto" ? dialByUpgradeIfNeeded : dialByUpgrade,
      ssh: dialBySsh,
    };
    const attempts = order.map((method): Attempt<TLSSocket> => (abort) =>
      dialBy[method](context, abort)
    );
    const limit = new AbortController();
    const timedOut = () => limit.abort(new ClusterError("unavailable", "timed out"));
    const cancelLimit = clock.after(DIAL_TIMEOUT_MS, timedOut);
    const result = await staggeredRace(attempts, {
      clock,
      overlapMs,
      signal: AbortSignal.any([signal, limit.signal]),
      discard: (stream) => stream.destroy(),
    });
    cancelLimit();
    if (result.ok) {
      const method = order[result.index] ?? "direct";
      this.#last = method;
      return { stream: result.value, method };
    }
    if (signal.aborted) throw new ClusterError("unavailable", "cancelled");
    const failures = order.map((method, index) => ({
      method,
      error: asError(result.errors[index]),
    }));
    throw await this.#explain(failures, context, signal);
  }

  #order(): readonly ConnectionMethod[] {
    const last = this.#last;
    return last === undefined ? METHODS : [last, ...METHODS.filter((method) => method !== last)];
  }

  async #explain(
    failures: readonly { readonly method: ConnectionMethod; readonly error: ClusterError }[],
    context: DialContext,
    signal: AbortSignal,
  ): Promise<ClusterError> {
    const conclusive = failures.find(({ error }) =>
      error instanceof HandshakeError && error.isByAuthServer
    );
    if (conclusive !== undefined) return conclusive.error;
    const server = await diagnose(failures.map(({ error }) => error), context, signal);
    const found = server === undefined ? "" : ` (${server})`;
    const [first, ...others] = failures;
    if (first === undefined) throw new Error("no connection method was tried");
    const cause = { cause: first.error };
    if (others.every(({ error }) => error.message === first.error.message)) {
      return new ClusterError(kindOf(failures), first.error.message + found, cause);
    }
    const list = failures.map(({ method, error }) => `${NAMES[method]}: ${error.message}`);
    const message = `all connection methods failed${found}: ${list.join("; ")}`;
    return new ClusterError(kindOf(failures), message, cause);
  }
}

/**
 * Transient unless every applicable method has failed permanently: a name server or a proxy may be
 * down only temporarily.
 */
function kindOf(failures: readonly { readonly error: ClusterError }[]): ClusterError["kind"] {
  const applicable = failures.filter(({ error }) => !(error instanceof MethodNotApplicable));
  const permanent = applicable.find(({ error }) => !error.isTransient);
  return permanent !== undefined && applicable.every(({ error }) => !error.isTransient)
    ? permanent.error.kind
    : "unavailable";
}

function asError(error: unknown): ClusterError {
  if (error instanceof ClusterError) return error;
  const message = error instanceof Error ? error.message : String(error ?? "not tried");
  return new ClusterError("other", message, { cause: error });
}
