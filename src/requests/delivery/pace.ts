/**
 * How many mails go at once and how fast, by what the mail service lets through. A service that refuses
 * a connection for their number gets one less from then on; one that says "too fast" gets half the rate
 * it took. Both grow again slowly, up to what is configured, and slower each time they were too much.
 */

import type { Clock } from "../../clock.ts";

/** How long the service is left at fewer connections before one more is tried. */
const MORE_AFTER_MS = 60_000;
/** What that grows to when one more was too much again and again. */
const MORE_AFTER_MAX_MS = 30 * 60_000;

/** Mails that were under way together are refused together: that lowers the rate once. */
const SETTLE_MS = 1_000;
/** The rate grows by a quarter so often. */
const FASTER_AFTER_MS = 10_000;
const FASTER = 1.25;
/** Messages per second: no service means less by "too fast", and above the other no limit is needed. */
const MIN_RATE = 0.1;
const NO_LIMIT = 50;

export interface PaceChange {
  /** Below what is configured; false when all of that is allowed again. */
  readonly isLowered: boolean;
  /** How many mails may be under way. */
  readonly connections: number;
  /** Messages per second; undefined = no limit. */
  readonly perSecond: number | undefined;
  /** The refusal that lowered it. */
  readonly error: string;
}

export class Pace {
  #connections: number;
  #connectionsAtMs = 0;
  #moreAfterMs = MORE_AFTER_MS;
  /** One more connection was allowed since the last refusal. */
  #isGrowing = false;
  /** Messages per second; undefined while the configured rate holds. */
  #rate: number | undefined;
  #rateAtMs = 0;
  #slowedAtMs = 0;
  /** Mails accepted in the second that began at `#secondMs`. */
  #accepted = 0;
  #secondMs = 0;
  #error = "";
  #isReported = false;
  #timer: (() => void) | undefined;

  /** `report` is called once when the pace was lowered, and once when it has recovered. */
  constructor(
    private readonly maxConnections: number,
    /** Messages per second; undefined = no limit. */
    private readonly maxRate: number | undefined,
    private readonly clock: Clock,
    private readonly report: (change: PaceChange) => void = () => {},
  ) {
    this.#connections = maxConnections;
  }

  /** How many mails may be under way now. */
  get connections(): number {
    const nowMs = this.clock.now();
    // The clock may have been set back.
    this.#connectionsAtMs = Math.min(this.#connectionsAtMs, nowMs);
    while (
      this.#connections < this.maxConnections &&
      nowMs - this.#connectionsAtMs >= this.#moreAfterMs
    ) {
      this.#connections++;
      this.#connectionsAtMs += this.#moreAfterMs;
      this.#isGrowing = true;
    }
    return this.#connections;
  }

  /** Messages per second now; undefined = no limit. */
  get perSecond(): number | undefined {
    const nowMs = this.clock.now();
    this.#rateAtMs = Math.min(this.#rateAtMs, nowMs);
    while (this.#rate !== undefined && nowMs - this.#rateAtMs >= FASTER_AFTER_MS) {
      const rate = this.#rate * FASTER;
      this.#rate = rate < (this.maxRate ?? NO_LIMIT) ? rate : undefined;
      this.#rateAtMs += FASTER_AFTER_MS;
    }
    return this.#rate ?? this.maxRate;
  }

  /** Whether it is below what is configured. */
  get isLowered(): boolean {
    return this.connections < this.maxConnections || this.perSecond !== this.maxRate;
  }

  /** A mail was accepted. */
  accepted(): void {
    const nowMs = this.clock.now();
    if (nowMs - this.#secondMs >= SETTLE_MS || nowMs < this.#secondMs) {
      this.#secondMs = nowMs;
      this.#accepted = 0;
    }
    this.#accepted++;
    if (!this.#isReported || this.isLowered) return;
    this.#isReported = false;
    this.#tell();
  }

  /**
   * One of `inFlight` mails found too many connections. Returns false when it was the only one: then others
   * have used up the number, and there is nothing to lower.
   */
  fewerConnections(inFlight: number, error: string): boolean {
    if (inFlight <= 1) return false;
    const now = Math.min(this.connections, inFlight - 1);
    if (this.#isGrowing) this.#moreAfterMs = Math.min(this.#moreAfterMs * 2, MORE_AFTER_MAX_MS);
    this.#isGrowing = false;
    this.#connections = now;
    this.#connectionsAtMs = this.clock.now();
    this.#lowered(error);
    return true;
  }

  /** A mail was refused because mails come too fast. */
  slower(error: string): void {
    const nowMs = this.clock.now();
    const rate = this.perSecond ?? Infinity;
    const settleMs = Math.max(SETTLE_MS, 2 * 1000 / rate);
    const sinceMs = nowMs - this.#slowedAtMs;
    if (this.#rate !== undefined && sinceMs >= 0 && sinceMs < settleMs) return;
    const took = Math.max(1, this.#accepted);
    this.#rate = Math.max(MIN_RATE, Math.min(rate, took) / 2);
    this.#rateAtMs = this.#slowedAtMs = nowMs;
    this.#lowered(error);
  }

  /** Forgets a report that is due, so that a stopped program can end. */
  close(): void {
    this.#timer?.();
  }

  /** Reports when the mails that were under way have met the same: only then the numbers are right. */
  #lowered(error: string): void {
    this.#error = error;
    if (this.#isReported) return;
    this.#isReported = true;
    this.#timer = this.clock.after(SETTLE_MS, () => this.#tell());
  }

  #tell(): void {
    const { isLowered, connections, perSecond } = this;
    this.report({ isLowered, connections, perSecond, error: this.#error });
  }
}
