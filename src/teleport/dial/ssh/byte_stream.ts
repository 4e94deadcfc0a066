/** Adapts a socket to the byte stream that the SSH library reads and writes. */

import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import type { Stream } from "@microsoft/dev-tunnels-ssh";
import { ClusterError } from "../../errors.ts";
import { printable } from "./key.ts";

/** With its line end (RFC 4253 §4.2). */
const MAX_VERSION_BYTES = 255;
const VERSION = /^SSH-(2\.0|1\.99)-[\x20-\x7e]*\r\n$/;

/**
 * The byte stream under an SSH session. It reports a lost connection through `onLost` and never fails a
 * read or write: inside the library some of those failures are unhandled rejections. For the same reason
 * it checks the server's version line before the library does. It reports the loss only when the library
 * needs more bytes than have arrived, so that the proxy's last messages are still processed. Bytes that
 * the library has not requested stay in the stream, whose buffer is bounded.
 */
export class SshByteStream implements Stream {
  readonly isDisposed = false;
  #held: Buffer = Buffer.alloc(0);
  #isVersionKnown = false;
  #wanted: { readonly count: number; readonly give: (bytes: Buffer) => void } | undefined;
  #loss: ClusterError | undefined;

  constructor(
    private readonly stream: Duplex,
    private readonly onLost: (error: ClusterError) => void,
  ) {
    const closed = () => this.#lose(unavailable("the proxy closed the SSH connection"));
    stream.on("readable", () => this.#serve());
    stream.on("end", closed);
    stream.on("close", closed);
    stream.on("error", (cause: Error) => {
      this.#lose(unavailable(`the SSH connection broke: ${cause.message}`, { cause }));
    });
  }

  read(count: number): Promise<Buffer> {
    return new Promise((give) => {
      this.#wanted = { count, give };
      this.#serve();
    });
  }

  /** Resolves even when the write fails: the read side reports the cause. */
  write(data: Buffer): Promise<void> {
    return new Promise((done) => {
      this.stream.write(data, () => done());
    });
  }

  /** Does nothing: the tunnel closes the stream after everything above it. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  dispose(): void {}

  /** Never fires: the library's core does not use the event. */
  readonly closed: Stream["closed"] = () => ({ dispose: () => {} });

  #lose(error: ClusterError): void {
    this.#loss ??= error;
    this.#serve();
  }

  #serve(): void {
    const wanted = this.#wanted;
    if (wanted === undefined) return;
    while (this.#held.length === 0 || !this.#isVersionKnown) {
      const chunk: Buffer | null = this.stream.read();
      if (chunk === null) return this.#loss && this.onLost(this.#loss);
      this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
      if (!this.#isVersionKnown && !this.#checkVersion()) return;
    }
    this.#wanted = undefined;
    const bytes = this.#held.subarray(0, wanted.count);
    this.#held = this.#held.subarray(wanted.count);
    wanted.give(bytes);
  }

  /** False when the bytes so far cannot be an SSH version line; `onLost` is called then. */
  #checkVersion(): boolean {
    const end = this.#held.indexOf("\n") + 1;
    const line = this.#held.toString("latin1", 0, end || MAX_VERSION_BYTES);
    const start = "SSH-".slice(0, line.length);
    if (end > 0 && end <= MAX_VERSION_BYTES && VERSION.test(line)) this.#isVersionKnown = true;
    else if (end > 0 || line.length === MAX_VERSION_BYTES || !line.startsWith(start)) {
      this.onLost(notSsh(this.#held));
      return false;
    }
    return true;
  }
}

/** Names the protocol of a server that is not an SSH server (teleport-protocol.md §8). */
function notSsh(start: Buffer): ClusterError {
  const text = start.toString("latin1", 0, 40);
  const found = start[0] === 0x15 || start[0] === 0x16
    ? "TLS"
    : text.startsWith("HTTP")
    ? "HTTP"
    : `something that begins with '${printable(text)}'`;
  return unavailable(
    `the server does not speak SSH 2.0 but ${found}: the address is not that of an SSH tunnel`,
  );
}

function unavailable(message: string, options?: ErrorOptions): ClusterError {
  return new ClusterError("unavailable", message, options);
}
