/**
 * A circuit breaker for the mail transport. A failure of the transport itself pauses all sending and
 * costs no mail an attempt. Before sending resumes, the transport is asked to connect, if it can be, so
 * that a dead server costs no calls to the cluster. A server that disconnects at one mail, and is healthy
 * otherwise, concerns that mail alone.
 */

import { retryDelayMs } from "../../backoff.ts";
import { pause } from "../../clock.ts";
import type { MailTransport, Receipt, Refusal, RefusalCategory } from "../../mail/transport.ts";
import { RefusalStreak } from "./refusal_streak.ts";
import type { Runtime } from "../../runtime.ts";

/** A failure this long after sending resumed is a new outage; an attempt takes a few minutes at most. */
const NEW_OUTAGE_MS = 600_000;
/** What a connection that breaks at a mail looks like; all else says nothing about the mail. */
const DISCONNECTIONS: readonly RefusalCategory[] = ["network", "server", "timeout"];
/** So many different mails in a row are no coincidence: then it is the transport. */
const WITNESSES = 3;
/** Pauses are so much longer when a quota is used up: asking again and again may extend the block. */
const QUOTA_PATIENCE = 4;

export interface CircuitBreakerDeps extends Runtime {
  /** Called whenever sending resumes. */
  readonly onResume: () => void;
  /** Ends the attempts to resume: the program stops. */
  readonly drain: AbortSignal;
}

export class CircuitBreaker {
  #isPaused = false;
  /** What began or prolongs the outage; kept until it is over. */
  #refusal: Refusal | undefined;
  readonly #streak = new RefusalStreak();
  #failures = 0;
  #pausedAtMs = 0;
  #resumedAtMs = 0;
  #accepted = 0;
  #blamedAt = 0;
  /** Mails at which the transport has failed since it last accepted one, with the time. */
  readonly #failedAt = new Map<string, number>();
  #probe: Promise<Receipt> | undefined;
  #isTried = false;

  constructor(
    private readonly transport: Pick<MailTransport, "verify">,
    private readonly deps: CircuitBreakerDeps,
  ) {}

  /** Whether nothing is to be sent now; also while a probe decides what a failure means. */
  get isPaused(): boolean {
    return this.#isPaused || this.#probe !== undefined;
  }

  /** Why nothing can be sent; undefined while sending is not paused. */
  get pauseReason(): string | undefined {
    return this.#isPaused ? this.#refusal?.error : undefined;
  }

  /**
   * What the outage is due to; also while sending has resumed and no mail was accepted yet. Undefined when
   * there is no outage.
   */
  get outage(): Refusal | undefined {
    return this.#failures === 0 ? undefined : this.#refusal;
  }

  /** Whether the transport has been asked to do something, with whatever result. */
  get isTried(): boolean {
    return this.#isTried;
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

  /**
   * Decides what a failure of the transport at a mail means. It is due to the mail if the transport proves
   * healthy right afterwards and has not failed at several others, too.
   */
  async causeOf(mail: string, { category }: Refusal): Promise<"mail" | "transport"> {
    if (this.transport.verify === undefined || !DISCONNECTIONS.includes(category)) {
      return "transport";
    }
    this.#noteFailure(mail);
    if (this.#isPaused || this.#failedAt.size >= WITNESSES) return "transport";
    const receipt = await (this.#probe ??= this.transport.verify(this.deps.drain));
    this.#probe = undefined;
    // Others may have failed while the probe was under way.
    if (this.#isPaused || this.#failedAt.size >= WITNESSES) return "transport";
    if (receipt.ok) this.deps.onResume();
    return receipt.ok ? "mail" : "transport";
  }

  #noteFailure(mail: string): void {
    const nowMs = this.deps.clock.now();
    for (const [other, atMs] of this.#failedAt) {
      if (nowMs - atMs >= NEW_OUTAGE_MS) this.#failedAt.delete(other);
    }
    this.#failedAt.set(mail, nowMs);
  }

  /** Whether the refusal concerns the transport although it names one recipient: others met the same. */
  isCausedByTransport(refusal: Refusal, recipient: string): boolean {
    return this.#streak.isOneTooMany(refusal, recipient);
  }

  /** Connects once, as a first check at start; a failure pauses sending. Never rejects. */
  async check(): Promise<void> {
    const receipt = await this.transport.verify?.(this.deps.drain);
    this.#isTried ||= receipt !== undefined;
    if (receipt?.ok === false && receipt.category !== "cancelled") this.#pause(receipt, true);
  }

  /** Pauses sending. Mails that fail together pause it once. */
  pause(refusal: Refusal): void {
    this.#pause(refusal, false);
  }

  #pause(refusal: Refusal, cannotConnect: boolean): void {
    if (this.#isPaused || this.deps.drain.aborted) return;
    this.#isTried = true;
    this.#isPaused = true;
    // A mail that failed just after sending resumed continues the same outage.
    if (this.deps.clock.now() - this.#resumedAtMs >= NEW_OUTAGE_MS) this.#failures = 0;
    if (this.#failures === 0) {
      this.#pausedAtMs = this.deps.clock.now();
      this.deps.log.warn("Mail transport is paused, mails are kept and sent later", {
        error: refusal.error,
        category: refusal.category,
        ...refusal.remedy === undefined ? {} : { remedy: refusal.remedy },
      });
    }
    this.#resume(refusal, cannotConnect);
  }

  /** A mail was accepted: the outage, if there was one, is over. */
  succeeded(): void {
    this.#isTried = true;
    this.#accepted++;
    this.#failedAt.clear();
    this.#streak.accepted();
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
      this.#refusal = refusal;
      const patience = refusal.category === "quota" ? QUOTA_PATIENCE : 1;
      const delayMs = retryDelayMs(this.#failures, random) * patience;
      await pause(clock, Math.max(refusal.retryAfterMs ?? 0, delayMs), drain);
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
    this.#isPaused = false;
    this.#resumedAtMs = clock.now();
    this.deps.onResume();
  }
}
