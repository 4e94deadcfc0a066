/** Randomness that a seed repeats exactly. */

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1): mulberry32, small and good enough for schedules. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  pick<const T>(items: readonly [T, ...T[]]): T {
    return items[this.int(0, items.length - 1)] ?? items[0];
  }

  /** Mostly `usual` at most, at times `rare` at most. */
  delayMs(usual: number, rare: number): number {
    return this.int(1, this.chance(0.1) ? rare : usual);
  }

  /** A stream of its own, so that what one part draws does not change another. */
  fork(): Random {
    return new Random(Math.floor(this.next() * 4294967296));
  }
}
