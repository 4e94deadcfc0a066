/** The byte stream under an SSH session, as the library wants it. */

import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import type { Stream } from "@microsoft/dev-tunnels-ssh";
import { ClusterError } from "../errors.ts";
import { printable } from "./ssh_key.ts";

const BANNER = Buffer.from("SSH-");

/**
 * Reports a loss instead of failing reads and writes: inside the library some of those failures are
 * unhandled rejections, which would end the program. A loss is reported when the library asks for more
 * bytes than have come, so that the proxy's last words are still heard. How much may wait here is bounded
 * by the channel's window.
 */
export class SshByteStream implements Stream {
  readonly isDisposed = false;
  readonly #chunks: Buffer[] = [];
  #wanted: { readonly count: number; readonly give: (bytes: Buffer) => void } | undefined;
  #loss: ClusterError | undefined;
  #banner: Buffer | undefined = Buffer.alloc(0);

  constructor(
    private readonly stream: Duplex,
    private readonly onLost: (error: ClusterError) => void,
  ) {
    const closed = () => this.#lose(unavailable("the proxy closed the SSH connection"));
    stream.on("data", (chunk: Buffer) => this.#receive(chunk));
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

  write(data: Buffer): Promise<void> {
    return new Promise((done) => {
      this.stream.write(data, (error) => {
        if (!error) done();
      });
    });
  }

  /** The tunnel closes the stream itself, when everything above it is gone. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  dispose(): void {}

  /** The library's core listens to nobody here. */
  readonly closed: Stream["closed"] = () => ({ dispose: () => {} });

  #receive(chunk: Buffer): void {
    if (this.#banner !== undefined) {
      this.#banner = Buffer.concat([this.#banner, chunk]).subarray(0, BANNER.length);
      const seen = this.#banner;
      if (!seen.equals(BANNER.subarray(0, seen.length))) return this.onLost(notSsh(seen));
      if (seen.length === BANNER.length) this.#banner = undefined;
    }
    this.#chunks.push(chunk);
    this.#serve();
  }

  #lose(error: ClusterError): void {
    this.#loss ??= error;
    this.#serve();
  }

  #serve(): void {
    const wanted = this.#wanted;
    if (wanted === undefined) return;
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#wanted = undefined;
      if (chunk.length > wanted.count) this.#chunks.unshift(chunk.subarray(wanted.count));
      wanted.give(chunk.subarray(0, wanted.count));
    } else if (this.#loss !== undefined) this.onLost(this.#loss);
  }
}

/** Servers that wait for the client to begin answer to our first line (wire.md §8). */
function notSsh(start: Buffer): ClusterError {
  const found = start[0] === 0x15 || start[0] === 0x16
    ? "TLS"
    : start.toString("latin1").startsWith("HTTP")
    ? "HTTP"
    : `something that begins with '${printable(start.toString("latin1"))}'`;
  return unavailable(
    `the server does not speak SSH but ${found}: the address is not that of an SSH tunnel`,
  );
}

function unavailable(message: string, options?: ErrorOptions): ClusterError {
  return new ClusterError("unavailable", message, options);
}
