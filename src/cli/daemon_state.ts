/**
 * How the running daemon is doing: the one place from which `/healthz`, `/readyz`, `/status` and what
 * else tells of it are derived. The parts of the daemon report here, or are asked.
 */

import type { Clock } from "../clock.ts";
import { Pulse } from "../ops/pulse.ts";
import { MAX_LISTED_MAILS, type Status } from "../ops/status.ts";
import type { TransportGate } from "../requests/gate.ts";
import type { Observer } from "../requests/observer.ts";
import type { Reconciler } from "../requests/reconciler.ts";
import type { Slots } from "../requests/slots.ts";
import { VERSION } from "../version.ts";
import type { Setup } from "./setup.ts";
import { failedStatus, owedStatus } from "./status/outbox.ts";

/** What works on requests with the setup in use. */
export interface Work {
  readonly reconciler: Pick<Reconciler, "outbox" | "queueDepth">;
  readonly gate: Pick<TransportGate, "reason">;
  readonly slots: Pick<Slots, "isThrottled">;
}

export class DaemonState implements Observer, Disposable {
  /** What the daemon runs with; undefined at first. */
  setup: Pick<Setup, "config" | "atMs" | "cluster"> | undefined;
  /** Undefined until the server has answered for the first time. */
  work: Work | undefined;
  /** Whether the last reload succeeded. */
  isReloaded = true;
  #isWatching = false;
  #watchFault: unknown;
  #watchingSinceMs: number;
  #lastSentMs: number | undefined;
  #steps = 0;
  readonly #startedMs: number;
  readonly #pulse: Pulse;

  constructor(private readonly clock: Clock) {
    this.#startedMs = clock.now();
    this.#watchingSinceMs = this.#startedMs;
    this.#pulse = new Pulse({
      clock,
      steps: () => this.#steps,
      isBusy: () => (this.work?.reconciler.queueDepth ?? 0) > 0 && !this.work?.slots.isThrottled,
    });
  }

  [Symbol.dispose](): void {
    this.#pulse[Symbol.dispose]();
  }

  /** Requests are watched and listed, or not any more: because of `fault`, if there was one. */
  watching(isWatching: boolean, fault?: unknown): void {
    if (isWatching !== this.#isWatching) this.#watchingSinceMs = this.clock.now();
    this.#isWatching = isWatching;
    this.#watchFault = fault;
  }

  accepted(): void {
    this.#steps++;
    this.#lastSentMs = this.clock.now();
  }

  refused(): void {
    this.#steps++;
  }

  lost(): void {}

  wrote(): void {
    this.#steps++;
  }

  /** What stands still; undefined when everything turns. */
  get standstill(): string | undefined {
    return this.#pulse.fault;
  }

  /** Why the job cannot be done now; empty when it can. */
  get notReady(): readonly string[] {
    const fault = this.#watchFault;
    const why = fault === undefined ? "" : `: ${fault instanceof Error ? fault.message : fault}`;
    const paused = this.work?.gate.reason;
    return [
      ...this.#isWatching ? [] : [`the cluster is not connected${why}`],
      ...paused === undefined ? [] : [`mail: ${paused}`],
    ];
  }

  /** One line: `connected by ssh, 3 mails owed`. */
  get summary(): string {
    const via = this.setup?.cluster.value.connections.current?.way;
    const owed = this.#outbox().reduce((count, request) => count + request.owed.length, 0);
    const paused = this.work?.gate.reason === undefined ? [] : ["mail is paused"];
    const way = via !== undefined && this.#isWatching ? `connected by ${via}` : "not connected";
    const reload = this.isReloaded ? [] : ["the last reload failed"];
    return [way, ...paused, ...reload, `${owed} ${owed === 1 ? "mail" : "mails"} owed`].join(", ");
  }

  status(): Status {
    const reason = this.work?.gate.reason;
    const { setup } = this;
    const outbox = this.#outbox();
    const owed = outbox.flatMap(({ id, owed }) => owed.map((mail) => [id, mail] as const));
    const failed = outbox.flatMap(({ id, failed }) => failed.map((mail) => [id, mail] as const));
    const listed = <T, S>(mails: readonly T[], status: (mail: T) => S) => ({
      count: mails.length,
      mails: mails.slice(0, MAX_LISTED_MAILS).map(status),
    });
    return {
      version: VERSION,
      started: time(this.#startedMs),
      ready: this.notReady.length === 0,
      reasons: [...this.notReady],
      cluster: this.#cluster(),
      mail: {
        ...setup && { transport: setup.config.mail.kind },
        paused: reason !== undefined,
        ...reason !== undefined && { reason },
        ...this.#lastSentMs !== undefined && { "last_sent": time(this.#lastSentMs) },
      },
      queue: this.work?.reconciler.queueDepth ?? 0,
      owed: listed(owed, (mail) => owedStatus(...mail)),
      failed: listed(failed, (mail) => failedStatus(...mail)),
      reload: { ok: this.isReloaded, loaded: time(setup?.atMs ?? this.#startedMs) },
    };
  }

  #cluster(): Status["cluster"] {
    const { server, connections, store } = this.setup?.cluster.value ?? {};
    const connection = connections?.current;
    const credentials = connection?.credentials ?? store?.last;
    return {
      connected: connection !== undefined,
      watching: this.#isWatching,
      "watching_since": time(this.#watchingSinceMs),
      ...connection && {
        via: connection.way,
        "connected_since": time(connection.sinceMs),
        user: connection.credentials.subject,
      },
      ...server && { name: server.clusterName, "server_version": server.version },
      ...credentials && {
        certificate: {
          "not_after": time(credentials.notAfterMs),
          "seconds_left": Math.floor((credentials.notAfterMs - this.clock.now()) / 1000),
        },
      },
    };
  }

  #outbox() {
    return this.work?.reconciler.outbox() ?? [];
  }
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
