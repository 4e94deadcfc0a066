/**
 * The transport's capacity, shared fairly: at most `count` mails at once, requests taking turns. A turn
 * is a few mails long, so that the mails of a small request leave together and its record is settled
 * soon, while a request with hundreds of recipients cannot hold up the next one.
 */

import type { Clock } from "../../clock.ts";
import { Pace, type PaceChange } from "./pace.ts";

/** Gives the slot back; calling it twice is harmless. */
export type Release = () => void;

interface Waiter {
  readonly grant: (release: Release) => void;
}

/** How many mails of one request may leave before the next request has its turn. */
const MAILS_PER_TURN = 8;

export class FairSemaphore {
  /** In order of turns; a Map keeps the order of insertion. */
  readonly #waiting = new Map<string, Waiter[]>();
  #taken = 0;
  #turn = 0;
  #nextAtMs = 0;
  #timer: (() => void) | undefined;

  /** How much of the capacity the mail service lets through at the moment. */
  readonly pace: Pace;

  /** `perSecond` limits the rate in addition; undefined = no limit. */
  constructor(
    /** How many mails may be under way at most. */
    readonly maxInFlight: number,
    perSecond: number | undefined,
    private readonly clock: Clock,
    onPaceChange?: (change: PaceChange) => void,
  ) {
    this.pace = new Pace(maxInFlight, perSecond, clock, onPaceChange);
  }

  /** How many mails are under way. */
  get inFlight(): number {
    return this.#taken;
  }

  /** Whether mails wait because of the limit per second. */
  get isThrottled(): boolean {
    return this.#timer !== undefined;
  }

  /** Waits for a slot; undefined when `signal` is aborted first. */
  acquire(key: string, signal: AbortSignal): Promise<Release | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        grant: (release) => {
          signal.removeEventListener("abort", giveUp);
          resolve(release);
        },
      };
      const giveUp = () => {
        this.#remove(key, waiter);
        resolve(undefined);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      const queue = this.#waiting.get(key);
      if (queue === undefined) this.#waiting.set(key, [waiter]);
      else queue.push(waiter);
      this.#grantAll();
    });
  }

  #remove(key: string, waiter: Waiter): void {
    const rest = this.#waiting.get(key)?.filter((w) => w !== waiter) ?? [];
    if (rest.length === 0) this.#waiting.delete(key);
    else this.#waiting.set(key, rest);
  }

  #grantAll(): void {
    while (this.#taken < this.pace.connections && this.#waiting.size > 0) {
      const { perSecond } = this.pace;
      const intervalMs = perSecond === undefined ? 0 : 1000 / perSecond;
      // The clock may have been set back.
      const waitMs = Math.min(this.#nextAtMs - this.clock.now(), intervalMs);
      if (waitMs > 0) {
        this.#timer ??= this.clock.after(waitMs, () => {
          this.#timer = undefined;
          this.#nextAtMs = 0;
          this.#grantAll();
        });
        return;
      }
      this.#nextAtMs = this.clock.now() + intervalMs;
      this.#grantNext();
    }
  }

  #grantNext(): void {
    const [entry] = this.#waiting;
    if (entry === undefined) return;
    const [key, queue] = entry;
    const waiter = queue.shift();
    if (queue.length === 0 || ++this.#turn >= MAILS_PER_TURN) {
      this.#turn = 0;
      this.#waiting.delete(key);
      if (queue.length > 0) this.#waiting.set(key, queue);
    }
    this.#taken++;
    let released = false;
    waiter?.grant(() => {
      if (released) return;
      released = true;
      this.#taken--;
      this.#grantAll();
    });
  }

  /** Drops the pending timer, so that a stopped program can end. */
  close(): void {
    this.#timer?.();
    this.pace.close();
  }
}
