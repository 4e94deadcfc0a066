/** The byte stream under an SSH session, as the library wants it. */

import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import type { Stream } from "@microsoft/dev-tunnels-ssh";
import { ClusterError } from "../../errors.ts";
import { printable } from "./key.ts";

/** With its line end (RFC 4253 §4.2). */
const MAX_VERSION_BYTES = 255;
const VERSION = /^SSH-(2\.0|1\.99)-[\x20-\x7e]*\r\n$/;

/**
 * Reports a loss instead of failing reads and writes: inside the library some of those failures are
 * unhandled rejections, which would end the program. For the same reason the server's version line is
 * checked here, before the library sees it. A loss is reported when the library asks for more bytes than
 * have come, so that the proxy's last words are still heard. What the library does not ask for stays in
 * the stream, whose buffer is bounded.
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

  /** A write that fails is over, too: reading tells why. */
  write(data: Buffer): Promise<void> {
    return new Promise((done) => {
      this.stream.write(data, () => done());
    });
  }

  /** The tunnel closes the stream itself, when everything above it is gone. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  dispose(): void {}

  /** The library's core listens to nobody here. */
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

  /** False = the server has said enough to be no SSH server. */
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

/** Servers that wait for the client to begin answer to our first line (teleport-protocol.md §8). */
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
