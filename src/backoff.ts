/** How long to wait before the next try. */

/**
 * Decorrelated jitter: each wait is random between `baseMs` and three times the one before, at most
 * `capMs` (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export class DecorrelatedBackoff {
  #lastMs: number;

  constructor(
    private readonly baseMs: number,
    private readonly capMs: number,
    private readonly random: () => number,
  ) {
    this.#lastMs = baseMs;
  }

  next(): number {
    const top = Math.min(this.capMs, this.#lastMs * 3);
    this.#lastMs = this.baseMs + this.random() * (top - this.baseMs);
    return this.#lastMs;
  }

  reset(): void {
    this.#lastMs = this.baseMs;
  }
}

/** The wait after the `attempt`-th failure (from 1): full jitter under 1 s doubling to 5 min. */
export function retryDelayMs(attempt: number, random: () => number): number {
  const top = Math.min(300_000, 1000 * 2 ** Math.min(attempt - 1, 30));
  // Not below a tenth: a jitter near 0 would burn attempts without any pause.
  return top * (0.1 + 0.9 * random());
}
