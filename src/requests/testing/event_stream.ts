/** Events that a fake cluster has sent on a watch and the client has not read yet. */

import type { ClusterEvent } from "../ports.ts";

export class EventStream {
  readonly #queue: ClusterEvent[] = [];
  #ended = false;
  #error: Error | undefined;
  #wake: () => void = () => {};

  push(event: ClusterEvent): void {
    this.#queue.push(event);
    this.#wake();
  }

  /** Ends the stream behind what was pushed: with an error, or in good order. */
  end(error?: Error): void {
    this.#ended = true;
    this.#error = error;
    this.#wake();
  }

  async *events(): AsyncGenerator<ClusterEvent> {
    for (;;) {
      const event = this.#queue.shift();
      if (event !== undefined) yield event;
      else if (this.#error !== undefined) throw this.#error;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}
