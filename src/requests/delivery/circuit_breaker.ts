/**
 * Whether mails can be sent at all. A refusal that concerns the transport and not one mail closes the
 * gate for a while (design.md §3); nothing is charged to the mails. Before it opens again the transport
 * is asked to connect, if it can be, so that a dead server costs no calls to the cluster.
 */

import { retryDelayMs } from "../../backoff.ts";
import { type Clock, pause } from "../../clock.ts";
import type { Log } from "../../log.ts";
import type { MailTransport, Refusal } from "../../mail/transport.ts";

/** A failure so long after the gate opened is a new outage; an attempt takes a few minutes at most. */
const NEW_OUTAGE_MS = 600_000;

export class TransportGate {
  #reason: string | undefined;
  #failures = 0;
  #closedAtMs = 0;
  #openedAtMs = 0;
  #accepted = 0;
  #blamedAt = 0;

  constructor(
    private readonly transport: Pick<MailTransport, "verify">,
    private readonly deps: {
      readonly clock: Clock;
      readonly random: () => number;
      readonly log: Log;
      /** Called whenever the gate opens. */
      readonly onOpen: () => void;
      /** Aborted when the program stops. */
      readonly signal: AbortSignal;
    },
  ) {}

  get isOpen(): boolean {
    return this.#reason === undefined;
  }

  /** Why nothing can be sent; undefined while the gate is open. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** How many mails were accepted so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /**
   * Puts a failure of the transport down to the mail that met it. Not twice without an accepted mail in
   * between: then it is the transport after all, such as one that takes so many mails a minute.
   */
  blameMail(): boolean {
    if (this.#blamedAt === this.#accepted) return false;
    this.#blamedAt = this.#accepted;
    return true;
  }

  /** Connects once, as a first check at start; a failure closes the gate. Never rejects. */
  async check(): Promise<void> {
    const receipt = await this.transport.verify?.(this.deps.signal);
    if (receipt?.ok === false && receipt.category !== "cancelled") this.#close(receipt, true);
  }

  /** Mails that fail together close the gate once. */
  close(refusal: Refusal): void {
    this.#close(refusal, false);
  }

  #close(refusal: Refusal, cannotConnect: boolean): void {
    if (!this.isOpen || this.deps.signal.aborted) return;
    this.#reason = refusal.error;
    // A mail that failed just after the gate opened continues the same outage.
    if (this.deps.clock.now() - this.#openedAtMs >= NEW_OUTAGE_MS) this.#failures = 0;
    if (this.#failures === 0) {
      this.#closedAtMs = this.deps.clock.now();
      this.deps.log.warn("Mail transport is paused, mails are kept and sent later", {
        error: refusal.error,
        category: refusal.category,
      });
    }
    this.#reopen(refusal, cannotConnect);
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
      after_seconds: Math.round((this.deps.clock.now() - this.#closedAtMs) / 1000),
    });
    this.#failures = 0;
  }

  async #reopen(first: Refusal, cannotConnect: boolean): Promise<void> {
    const { clock, random, signal, log } = this.deps;
    let refusal: Refusal | undefined = first;
    let wasDown = cannotConnect;
    while (refusal !== undefined) {
      this.#failures++;
      this.#reason = refusal.error;
      const delayMs = Math.max(refusal.retryAfterMs ?? 0, retryDelayMs(this.#failures, random));
      await pause(clock, delayMs, signal);
      if (signal.aborted) return;
      const receipt = await this.transport.verify?.(signal);
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
    this.#openedAtMs = clock.now();
    this.deps.onOpen();
  }
}
