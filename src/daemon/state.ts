/**
 * The daemon's state, in one place: `/healthz`, `/readyz`, `/status`, `/metrics` and the status line for
 * systemd are derived from it. Parts of the daemon report here, or are queried.
 */

import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import type { Refusal } from "../mail/transport.ts";
import type { Metrics } from "../ops/metrics.ts";
import { Liveness } from "../ops/liveness.ts";
import type { Status } from "../ops/status.ts";
import type { CircuitBreaker } from "../requests/delivery/circuit_breaker.ts";
import type { FairSemaphore } from "../requests/delivery/fair_semaphore.ts";
import type { Loss, Observer } from "../requests/observer.ts";
import { MAIL_KINDS } from "../requests/record/outbox.ts";
import type { WriteOutcome } from "../requests/ports.ts";
import type { Reconciler } from "../requests/reconciler.ts";
import { GIT_REF, VERSION } from "../version.ts";
import { GAUGES } from "./gauges.ts";
import { type Facts, statusOf } from "./report.ts";
import { type ReminderObserver, REVIEW_REMINDER } from "../access_lists/reviews.ts";
import type { ClusterAccess } from "./cluster.ts";

/** The view of the setup in use. */
export interface RunningSetup {
  readonly config: Pick<Config, "mail">;
  /** Creation time, milliseconds since 1970. */
  readonly loadedMs: number;
  readonly cluster: Pick<ClusterAccess, "server" | "connections" | "store">;
}

/** The view of the work with that setup. */
export interface RunningWork {
  readonly reconciler: Pick<
    Reconciler,
    "outbox" | "outboxCounts" | "unwritable" | "queueDepth" | "rereadFailed"
  >;
  readonly breaker: Pick<CircuitBreaker, "pauseReason" | "outage" | "isTried">;
  readonly semaphore: Pick<FairSemaphore, "isThrottled" | "pace">;
}

/** What is counted of a mail. */
interface CountedMail {
  readonly kind: string;
}

export class DaemonState implements Observer, ReminderObserver, Disposable {
  /** The setup in use; undefined at first. */
  setup: RunningSetup | undefined;
  /** Undefined until the server has answered for the first time. */
  work: RunningWork | undefined;
  /** Whether the last reload succeeded. */
  isReloaded = true;
  readonly #startedMs: number;
  #watch: Facts["watch"];
  #watchFault: unknown;
  /** The watch ended unexpectedly, and has not been live since. */
  #isWatchLost = false;
  #lastSentMs: number | undefined;
  #steps = 0;
  readonly #liveness: Liveness;
  #isServing = false;
  #metrics: Metrics<Facts> | undefined;

  /** `uncaught` counts the uncaught errors. */
  constructor(
    private readonly clock: Clock,
    private readonly uncaught: { readonly count: number } = { count: 0 },
  ) {
    this.#startedMs = clock.now();
    this.#watch = { isLive: false, sinceMs: this.#startedMs };
    this.#liveness = new Liveness({
      clock,
      steps: () => this.#steps,
      isServing: () => this.#isServing,
      isBusy: () =>
        (this.work?.reconciler.queueDepth ?? 0) > 0 && !this.work?.semaphore.isThrottled,
    });
  }

  [Symbol.dispose](): void {
    this.#liveness[Symbol.dispose]();
  }

  /** The watch went live or ended, because of `fault` if there was one. */
  watching(isLive: boolean, fault?: unknown): void {
    if (isLive && this.#isWatchLost) this.#metrics?.reconnected();
    this.#isWatchLost = !isLive && (this.#watch.isLive || this.#isWatchLost);
    this.#setWatch(isLive, fault);
  }

  /** A setup has come into use. */
  serving(): void {
    this.#isServing = true;
  }

  /** The watch ended on purpose: shutdown or reload. */
  draining(): void {
    this.#isServing = false;
    this.#setWatch(false);
  }

  #setWatch(isLive: boolean, fault?: unknown): void {
    if (isLive !== this.#watch.isLive) this.#watch = { isLive, sinceMs: this.clock.now() };
    this.#watchFault = fault;
  }

  /** A connection to the cluster was made. */
  connected(via: string): void {
    this.#metrics?.connected(via);
  }

  mailAccepted({ kind }: CountedMail, sendMs: number, sinceNewsMs: number): void {
    this.#steps++;
    this.#lastSentMs = this.clock.now();
    this.#metrics?.accepted(kind, sendMs, sinceNewsMs);
  }

  mailRefused(_mail: CountedMail, refusal: Refusal, sendMs: number): void {
    this.#steps++;
    this.#metrics?.refused(refusal, sendMs);
  }

  mailDropped({ kind }: CountedMail, why: Loss): void {
    this.#metrics?.lost(kind, why);
  }

  reconciled(): void {
    this.#steps++;
  }

  recordWritten(outcome: WriteOutcome | "failed"): void {
    // A write that is refused repeatedly is not progress.
    if (outcome === "written") this.#steps++;
    this.#metrics?.wrote(outcome);
  }

  /** The counters; counting begins with the first call. */
  async count(): Promise<Metrics<Facts>> {
    // Loaded only where http.listen is set: the library costs memory.
    const { Metrics } = await import("../ops/metrics.ts");
    const build = { version: VERSION, revision: GIT_REF, deno: Deno.version.deno };
    const read = () => this.#facts();
    const uncaught = () => this.uncaught.count;
    const deps = {
      read,
      gauges: GAUGES,
      uncaught,
      build,
      kinds: [...MAIL_KINDS, REVIEW_REMINDER.kind],
    };
    return this.#metrics ??= new Metrics(deps);
  }

  /** Why the daemon is stalled; undefined if it makes progress. */
  get stallReason(): string | undefined {
    return this.#liveness.stallReason;
  }

  /** Why the daemon is not ready; empty if it is. */
  get notReady(): readonly string[] {
    const fault = this.#watchFault;
    const why = fault === undefined ? "" : `: ${fault instanceof Error ? fault.message : fault}`;
    const paused = this.work?.breaker.pauseReason;
    return [
      ...this.#watch.isLive ? [] : [`the cluster is not connected${why}`],
      ...paused === undefined ? [] : [`mail: ${paused}`],
    ];
  }

  /** One line: `connected by ssh, 3 pending emails`. */
  get summary(): string {
    const { connection, watch, isPaused, outbox: { pending } } = this.#facts();
    return [
      connection === undefined || !watch.isLive
        ? "not connected"
        : connection.method === "direct"
        ? "connected directly"
        : `connected by ${connection.method}`,
      ...isPaused ? ["mail is paused"] : [],
      ...this.isReloaded ? [] : ["the last reload failed"],
      `${pending} pending ${pending === 1 ? "email" : "emails"}`,
    ].join(", ");
  }

  /** Has the records of requests with failed emails read again; nothing before the cluster has answered. */
  rereadFailed(): void {
    this.work?.reconciler.rereadFailed();
  }

  /** How many emails are in the outbox, as far as it is known. */
  get pendingEmails(): number {
    return this.work?.reconciler.outboxCounts().pending ?? 0;
  }

  status(): Status {
    const { reconciler } = this.work ?? {};
    return statusOf(this.#facts(), reconciler?.outbox() ?? []);
  }

  #facts(): Facts {
    const { setup, work } = this;
    const { server, connections, store } = setup?.cluster ?? {};
    const connection = connections?.current;
    return {
      nowMs: this.clock.now(),
      startedMs: this.#startedMs,
      notReady: this.notReady,
      watch: this.#watch,
      server,
      connection,
      credentials: connection?.credentials ?? store?.last,
      transport: setup?.config.mail.kind,
      isPaused: work?.breaker.pauseReason !== undefined,
      outage: work?.breaker.outage,
      isMailTried: work?.breaker.isTried ?? false,
      pace: work?.semaphore.pace,
      lastSentMs: this.#lastSentMs,
      queue: work?.reconciler.queueDepth ?? 0,
      outbox: work?.reconciler.outboxCounts() ?? { pending: 0, failed: 0, oldestMs: undefined },
      unwritable: work?.reconciler.unwritable() ?? [],
      reload: { isOk: this.isReloaded, loadedMs: setup?.loadedMs ?? this.#startedMs },
    };
  }
}
