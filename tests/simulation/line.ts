/**
 * A machine's calls. Every call can be the last thing that the replica does, before it takes effect or
 * before its answer is there; it can be lost, be done twice, or find the replica asleep.
 */

import type { Machine } from "./machine.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

export const FATES = [
  "lost before it arrives",
  "answer lost",
  "crash before it arrives",
  "crash before the answer",
  "hang before it arrives",
  "hang before the answer",
  "done twice",
] as const;

export type Fate = typeof FATES[number];

const MAX_HANG_MS = 60_000;

/** The answer of a call that was not to leave any more. */
export const WITHHELD = "withheld";

/** `broken`: the caller cannot know whether the call took effect. */
export type Answer<T> = { readonly value: T } | { readonly broken: string };

export interface Call<T> {
  /** For the trace. */
  readonly what: string;
  readonly target: "cluster" | "mail";
  /** How long each way takes, milliseconds. */
  readonly delay: () => number;
  /** What it does where it arrives. */
  readonly perform: () => T;
  /** Aborting it ends the waiting, not the effect. */
  readonly signal: AbortSignal;
  /** Asked when it leaves, which a hang delays; false ends the call. Absent = it leaves. */
  readonly mayLeave?: () => boolean;
}

export class Line {
  constructor(
    private readonly machine: Machine,
    private readonly world: World,
    private readonly random: Random,
    private readonly deps: {
      /** The probability of a fault in a call. */
      readonly faultRate: () => number;
      readonly onFault: (fate: Fate) => void;
    },
  ) {}

  /** Resolves with the answer, unless the machine is gone by then. */
  call<T>(call: Call<T>): Promise<Answer<T>> {
    return new Promise((resolve) => {
      // A crash was decided, and this is what the same turn of the event loop would still have done.
      if (this.machine.isGone) return;
      call.signal.addEventListener("abort", () => resolve({ broken: "cancelled" }));
      this.#leave(call, (answer, ms) => {
        this.world.after(ms, () => this.machine.run(() => resolve(answer)));
      });
    });
  }

  #leave<T>(call: Call<T>, answer: (answer: Answer<T>, ms: number) => void): void {
    const fate = this.#fate(call);
    this.machine.say(() => `${call.what}${fate === undefined ? "" : ` [${fate.toUpperCase()}]`}`);
    if (fate !== undefined) this.deps.onFault(fate);
    if (fate === "crash before it arrives") return this.machine.crash();
    if (fate === "lost before it arrives") return this.#fail("connection lost", answer);
    if (fate === "hang before it arrives") this.#hang();
    this.machine.run(() => {
      if (call.mayLeave?.() === false) answer({ broken: WITHHELD }, 0);
      else this.world.after(call.delay(), () => this.#arrive(call, fate, answer));
    });
  }

  #arrive<T>(
    { perform, delay }: Call<T>,
    fate: Fate | undefined,
    answer: (answer: Answer<T>, ms: number) => void,
  ): void {
    // What a dying process has handed to the network may arrive or not.
    if (this.machine.isGone && this.random.chance(0.5)) return;
    const value = fate === "done twice" ? (perform(), perform()) : perform();
    if (fate === "crash before the answer") return this.machine.crash();
    if (fate === "answer lost") return this.#fail("no answer", answer);
    if (fate === "hang before the answer") this.#hang();
    answer({ value }, delay());
  }

  #hang(): void {
    this.machine.hang(this.random.int(1, MAX_HANG_MS));
  }

  #fail(broken: string, answer: (answer: { broken: string }, ms: number) => void): void {
    const ms = this.random.delayMs(50, 10_000);
    this.machine.noteFault(ms);
    answer({ broken }, ms);
  }

  #fate({ target }: Call<unknown>): Fate | undefined {
    if (target === "cluster" && this.machine.isOffline) return "lost before it arrives";
    if (!this.random.chance(this.deps.faultRate())) return undefined;
    const fate = this.random.pick(FATES);
    // A mail server that takes the same mail twice from one connection would be a broken one.
    return fate === "done twice" && target === "mail" ? "answer lost" : fate;
  }
}
