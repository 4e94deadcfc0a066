/** Gets to the auth server by whatever way works, and says why when none does. */

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

/** In the order of what they cost. */
const METHODS: readonly ConnectionMethod[] = ["direct", "upgrade", "ssh"];

const NAMES: Readonly<Record<ConnectionMethod, string>> = {
  direct: "directly",
  upgrade: "by connection upgrade",
  ssh: "by SSH tunnel",
};

/** A way that is slower than this is overtaken by the next; it may still win. */
const OVERLAP_MS = 1_000;
/** Bounds everything, all ways together. */
const DIAL_TIMEOUT_MS = 45_000;

/** An established connection, and how it came about. */
export interface Dialed {
  readonly stream: TLSSocket;
  readonly way: ConnectionMethod;
}

export interface DialerDeps {
  readonly via: ConnectionMethod | "auto";
  readonly clock: Clock;
  /** For tests. */
  readonly ways?: Readonly<Record<ConnectionMethod, Dial>>;
  readonly overlapMs?: number;
}

/** Remembers the way that worked: it is tried first, and with a lead, the next time. */
export class Dialer {
  #last: ConnectionMethod | undefined;

  constructor(private readonly deps: DialerDeps) {}

  /** @throws {ClusterError} with every way's own cause in one line */
  async dial(context: DialContext, signal: AbortSignal): Promise<Dialed> {
    const { via, clock, overlapMs = OVERLAP_MS } = this.deps;
    const order = via === "auto" ? this.#order() : [via];
    const dialWay = this.deps.ways ?? {
      direct: dialDirectly,
      upgrade: via === "auto" ? dialByUpgradeIfNeeded : dialByUpgrade,
      ssh: dialBySsh,
    };
    const attempts = order.map((way): Attempt<TLSSocket> => (abort) =>
      dialWay[way](context, abort)
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
      const way = order[result.index] ?? "direct";
      this.#last = way;
      return { stream: result.value, way };
    }
    if (signal.aborted) throw new ClusterError("unavailable", "cancelled");
    const failures = order.map((way, index) => ({ way, error: asError(result.errors[index]) }));
    throw await this.#explain(failures, context, signal);
  }

  #order(): readonly ConnectionMethod[] {
    const last = this.#last;
    return last === undefined ? METHODS : [last, ...METHODS.filter((way) => way !== last)];
  }

  async #explain(
    failures: readonly { readonly way: ConnectionMethod; readonly error: ClusterError }[],
    context: DialContext,
    signal: AbortSignal,
  ): Promise<ClusterError> {
    const conclusive = failures.find(({ error }) =>
      error instanceof HandshakeError && error.isByAuthServer
    );
    if (conclusive !== undefined) return conclusive.error;
    const closer = await diagnose(failures.map(({ error }) => error), context, signal);
    const seen = closer === undefined ? "" : ` (${closer})`;
    const [first, ...others] = failures;
    if (first === undefined) throw new Error("no way was tried");
    const cause = { cause: first.error };
    if (others.every(({ error }) => error.message === first.error.message)) {
      return new ClusterError(kindOf(failures), first.error.message + seen, cause);
    }
    const list = failures.map(({ way, error }) => `${NAMES[way]}: ${error.message}`).join("; ");
    return new ClusterError(kindOf(failures), `no way in works${seen}: ${list}`, cause);
  }
}

/**
 * Waiting helps unless every way that is meant for such a server has failed for good: a name server or
 * a proxy may only be down for now.
 */
function kindOf(failures: readonly { readonly error: ClusterError }[]): ClusterError["kind"] {
  const meant = failures.filter(({ error }) => !(error instanceof MethodNotApplicable));
  const lasting = meant.find(({ error }) => !error.isTransient);
  return lasting !== undefined && meant.every(({ error }) => !error.isTransient)
    ? lasting.error.kind
    : "unavailable";
}

function asError(error: unknown): ClusterError {
  if (error instanceof ClusterError) return error;
  const message = error instanceof Error ? error.message : String(error ?? "not tried");
  return new ClusterError("other", message, { cause: error });
}
