/** Pauses that end with their owner, so that a closed server leaves no timer behind. */

/** A set of running pauses. */
export class Timers implements Disposable {
  readonly #running = new Map<ReturnType<typeof setTimeout>, () => void>();

  /** Waits; 0 does not even wait for the next turn. Disposal ends the wait early. */
  async pause(ms: number): Promise<void> {
    if (ms <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#running.delete(timer);
        resolve();
      }, ms);
      this.#running.set(timer, resolve);
    });
  }

  [Symbol.dispose](): void {
    for (const [timer, resolve] of this.#running) {
      clearTimeout(timer);
      resolve();
    }
    this.#running.clear();
  }
}
