/** What one replica runs on: its clock and its life. */

import type { Clock } from "../../src/clock.ts";
import type { World } from "./world.ts";

/** Half of the 4 s by which the clocks of two replicas may differ; a lease has 5 s of grace. */
export const MAX_SKEW_MS = 2_000;

export class Machine {
  readonly clock: Clock;
  /** Until when the machine could last not do what it wanted to. */
  lastFaultMs = -Infinity;
  #state: "running" | "asleep" | "gone" = "running";
  #held: (() => void)[] = [];
  #offlineUntilMs = -Infinity;

  constructor(
    /** Of the machine and of the instance on it. */
    readonly name: string,
    private readonly world: World,
    private skewMs: number,
    /** The machine is gone; calls under way may still arrive. */
    private readonly onCrash: () => void,
  ) {
    this.clock = {
      now: () => world.nowMs + this.skewMs,
      after: (ms, action) => {
        let cancelled = false;
        const cancel = world.after(ms, () => {
          this.run(() => cancelled || action());
        });
        return () => {
          cancelled = true;
          cancel();
        };
      },
    };
  }

  get isGone(): boolean {
    return this.#state === "gone";
  }

  get isOffline(): boolean {
    return this.world.nowMs < this.#offlineUntilMs;
  }

  say(what: () => string): void {
    this.world.say(this.name, what);
  }

  /** Does something on the machine: now, when it wakes, or never. */
  run(action: () => void): void {
    if (this.#state === "running") action();
    else if (this.#state === "asleep") this.#held.push(action);
  }

  crash(): void {
    if (this.isGone) return;
    this.say(() => "CRASHES");
    this.retire();
    this.onCrash();
  }

  /** Ends the machine in good order. */
  retire(): void {
    this.#state = "gone";
    this.#held = [];
  }

  /** Neither timers nor answers get through; the clock on the wall goes on. */
  hang(ms: number): void {
    if (this.#state !== "running") return;
    this.say(() => `HANGS for ${ms} ms`);
    this.#state = "asleep";
    this.noteFault(0);
    this.world.after(ms, () => this.wake());
  }

  wake(): void {
    if (this.#state !== "asleep") return;
    this.say(() => "comes back");
    this.#state = "running";
    this.noteFault(0);
    const held = this.#held;
    this.#held = [];
    for (const action of held) this.run(action);
  }

  /** Something went wrong that takes `ms` to find out; until then nothing can be done about it. */
  noteFault(ms: number): void {
    this.lastFaultMs = Math.max(this.lastFaultMs, this.world.nowMs + ms);
  }

  /** Sets the clock on the wall; timers run on. */
  stepClock(skewMs: number): void {
    this.say(() => `its clock is set from ${this.skewMs} to ${skewMs} ms off`);
    this.skewMs = skewMs;
  }

  /** The cluster cannot be reached for a while. */
  goOffline(ms: number): void {
    this.say(() => `CANNOT REACH THE CLUSTER for ${ms} ms`);
    this.#offlineUntilMs = this.world.nowMs + ms;
  }

  comeOnline(): void {
    this.#offlineUntilMs = -Infinity;
  }
}
