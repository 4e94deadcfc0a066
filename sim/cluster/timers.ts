/** Delays that end with their owner, so that a closed server leaves no timers. */

/** A set of running delays. */
export class Timers implements Disposable {
  readonly #running = new Map<ReturnType<typeof setTimeout>, () => void>();

  /** Waits; 0 starts no timer. Disposal ends the wait early. */
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
