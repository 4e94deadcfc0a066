/** Time of a simulation: what is to happen, in order; between two events everything settles. */

const START_MS = Date.parse("2026-11-24T12:00:00Z");
/** No schedule needs nearly as many; more is a loop that never rests. */
const MAX_STEPS = 50_000;

interface Event {
  readonly atMs: number;
  readonly action: () => void;
}

export class World {
  nowMs = START_MS;
  /** What happened, step by step; undefined unless asked for. */
  readonly trace: string[] | undefined;
  /** The last one comes next. */
  #events: Event[] = [];
  #steps = 0;

  constructor(options: { readonly trace: boolean }) {
    this.trace = options.trace ? [] : undefined;
  }

  /** Lets `action` happen after `ms` milliseconds, unless the returned function is called before. */
  after(ms: number, action: () => void): () => void {
    const event = { atMs: this.nowMs + Math.max(0, ms), action };
    let at = this.#events.length;
    // Events of the same time happen in the order in which they were asked for.
    while (at > 0 && (this.#events[at - 1]?.atMs ?? 0) <= event.atMs) at--;
    this.#events.splice(at, 0, event);
    return () => {
      const index = this.#events.indexOf(event);
      if (index >= 0) this.#events.splice(index, 1);
    };
  }

  /** The text is made only if the trace is kept. */
  say(who: string, what: () => string): void {
    if (this.trace === undefined) return;
    const seconds = ((this.nowMs - START_MS) / 1000).toFixed(3).padStart(9);
    this.trace.push(`${seconds}  ${who.padEnd(8)} ${what()}`);
  }

  /** Runs until nothing is left to happen, or until `ms` after the start of time. */
  async run(ms = Infinity): Promise<void> {
    const endMs = START_MS + ms;
    await settle();
    for (;;) {
      const next = this.#events.at(-1);
      if (next === undefined || next.atMs > endMs) break;
      if (++this.#steps > MAX_STEPS) throw new Error(`No rest after ${MAX_STEPS} steps`);
      this.#events.pop();
      this.nowMs = next.atMs;
      next.action();
      await settle();
    }
    if (endMs !== Infinity) this.nowMs = endMs;
  }
}

/** Lets every promise that can go on do so: they all run before the next turn of the event loop. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => resolve()));
}
