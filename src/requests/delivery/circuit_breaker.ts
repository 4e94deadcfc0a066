/**
 * A circuit breaker for the mail transport. A failure of the transport itself pauses all sending and
 * costs no mail an attempt. Before sending resumes, the transport is asked to connect, if it can be, so
 * that a dead server costs no calls to the cluster.
 */

import { retryDelayMs } from "../../backoff.ts";
import { pause } from "../../clock.ts";
import type { MailTransport, Refusal } from "../../mail/transport.ts";
import type { Runtime } from "../../runtime.ts";

/** A failure this long after sending resumed is a new outage; an attempt takes a few minutes at most. */
const NEW_OUTAGE_MS = 600_000;

export interface CircuitBreakerDeps extends Runtime {
  /** Called whenever sending resumes. */
  readonly onResume: () => void;
  /** Ends the attempts to resume: the program stops. */
  readonly drain: AbortSignal;
}

export class CircuitBreaker {
  #reason: string | undefined;
  #failures = 0;
  #pausedAtMs = 0;
  #resumedAtMs = 0;
  #accepted = 0;
  #blamedAt = 0;

  constructor(
    private readonly transport: Pick<MailTransport, "verify">,
    private readonly deps: CircuitBreakerDeps,
  ) {}

  get isPaused(): boolean {
    return this.#reason !== undefined;
  }

  /** Why nothing can be sent; undefined while sending is not paused. */
  get pauseReason(): string | undefined {
    return this.#reason;
  }

  /** How many mails were accepted so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /**
   * Blames the mail rather than the transport, at most once between two accepted mails. A second failure
   * in a row means that the transport is at fault, for example by a rate limit.
   */
  isCausedByThisMail(): boolean {
    if (this.#blamedAt === this.#accepted) return false;
    this.#blamedAt = this.#accepted;
    return true;
  }

  /** Connects once, as a first check at start; a failure pauses sending. Never rejects. */
  async check(): Promise<void> {
    const receipt = await this.transport.verify?.(this.deps.drain);
    if (receipt?.ok === false && receipt.category !== "cancelled") this.#pause(receipt, true);
  }

  /** Pauses sending. Mails that fail together pause it once. */
  pause(refusal: Refusal): void {
    this.#pause(refusal, false);
  }

  #pause(refusal: Refusal, cannotConnect: boolean): void {
    if (this.isPaused || this.deps.drain.aborted) return;
    this.#reason = refusal.error;
    // A mail that failed just after sending resumed continues the same outage.
    if (this.deps.clock.now() - this.#resumedAtMs >= NEW_OUTAGE_MS) this.#failures = 0;
    if (this.#failures === 0) {
      this.#pausedAtMs = this.deps.clock.now();
      this.deps.log.warn("Mail transport is paused, mails are kept and sent later", {
        error: refusal.error,
        category: refusal.category,
      });
    }
    this.#resume(refusal, cannotConnect);
  }

  /** A mail was accepted: the outage, if there was one, is over. */
  succeeded(): void {
    this.#accepted++;
    this.#end();
  }

  #end(): void {
    if (this.#failures === 0) return;
    this.deps.log.info("Mail transport works again", {
      attempts: this.#failures,
      after_seconds: Math.round((this.deps.clock.now() - this.#pausedAtMs) / 1000),
    });
    this.#failures = 0;
  }

  async #resume(first: Refusal, cannotConnect: boolean): Promise<void> {
    const { clock, random, drain, log } = this.deps;
    let refusal: Refusal | undefined = first;
    let wasDown = cannotConnect;
    while (refusal !== undefined) {
      this.#failures++;
      this.#reason = refusal.error;
      const delayMs = Math.max(refusal.retryAfterMs ?? 0, retryDelayMs(this.#failures, random));
      await pause(clock, delayMs, drain);
      if (drain.aborted) return;
      const receipt = await this.transport.verify?.(drain);
      refusal = receipt?.ok === false ? receipt : undefined;
      if (refusal !== undefined) {
        wasDown = true;
        log.debug("Mail transport is still paused", {
          error: refusal.error,
          attempts: this.#failures,
        });
      } else if (receipt?.ok === true && wasDown) this.#end();
      // Else it is nothing that connecting shows, such as a refused sender: only a mail can tell.
    }
    this.#reason = undefined;
    this.#resumedAtMs = clock.now();
    this.deps.onResume();
  }
}
