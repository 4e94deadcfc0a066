/** Writes log lines to a file or stream, as few writes as a burst allows. */

import { clearImmediate, setImmediate } from "node:timers";

/** What is collected of one turn at most, in UTF-16 units. */
const MAX_PENDING = 65_536;

/**
 * Writes the first line of each turn of the event loop at once, and the others of that turn together at its
 * end. At rest each line is written when it is logged; in a burst, a write per email would cost as much as
 * formatting it. `flush()` writes the others, too: before a process ends, and with what may explain its end.
 */
export class LineWriter {
  readonly #encoder = new TextEncoder();
  /** Lines that wait for the end of the turn. */
  #pending = "";
  #endOfTurn: ReturnType<typeof setImmediate> | undefined;
  readonly #onUnload = () => this.flush();

  constructor(private readonly stream: { writeSync(bytes: Uint8Array): number }) {
    globalThis.addEventListener("unload", this.#onUnload);
  }

  /** Writes a line, with its end. */
  write(line: string): void {
    this.#pending += line;
    if (this.#endOfTurn !== undefined && this.#pending.length < MAX_PENDING) return;
    this.flush();
    this.#endOfTurn ??= setImmediate(() => {
      this.#endOfTurn = undefined;
      this.flush();
    });
  }

  /** Writes what waits. */
  flush(): void {
    if (this.#pending === "") return;
    let rest = this.#encoder.encode(this.#pending);
    this.#pending = "";
    try {
      while (rest.length > 0) rest = rest.subarray(this.stream.writeSync(rest));
    } catch {
      // A full disk or a closed pipe must not stop mails, and cannot be reported.
    }
  }

  /** Writes what waits, before the stream is closed. */
  close(): void {
    this.flush();
    clearImmediate(this.#endOfTurn);
    globalThis.removeEventListener("unload", this.#onUnload);
  }
}
