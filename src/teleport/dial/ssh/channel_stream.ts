/** An SSH channel as a stream. */

import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { SshChannel } from "@microsoft/dev-tunnels-ssh";

type Callback = (error?: Error | null) => void;

/**
 * Unlike the library's own `SshStream`, it keeps a half-closed channel open, ends with an error when the
 * session breaks, and lets go of everything under it when it is destroyed.
 */
export class SshChannelStream extends Duplex {
  /** Bytes that wait to be read; the proxy may send as many more when they are. */
  #unread = 0;
  #hasEnded = false;

  /** `release` lets go of the session and of what is under it. */
  constructor(private readonly channel: SshChannel, private readonly release: () => void) {
    super({ allowHalfOpen: false });
    channel.onDataReceived((data) => this.#receive(data));
    // Nobody reads it here, but it counts as read, or it would close the window one day.
    channel.onExtendedDataReceived(({ data }) => channel.adjustWindow(data.length));
    channel.onEof(() => this.#end());
    // When the session is gone the channel closes, too; but that is a loss.
    channel.onClosed(() => channel.session.isClosed || this.#end());
    // A loss at a moment when nobody listens must not end the program.
    this.on("error", () => {});
  }

  /** The session broke; nothing happens when the proxy had ended the channel before. */
  lose(error: Error): void {
    if (!this.#hasEnded) this.destroy(error);
  }

  override _read(): void {
    const count = this.#unread;
    this.#unread = 0;
    if (count > 0) this.channel.adjustWindow(count);
  }

  override _write(chunk: Buffer, _encoding: string, callback: Callback): void {
    // An empty chunk would mean the end to the library.
    if (chunk.length === 0) return callback();
    this.channel.send(chunk).then(() => callback(), callback);
  }

  override _final(callback: Callback): void {
    if (this.channel.isClosed) return callback();
    this.channel.send(Buffer.alloc(0)).then(() => callback(), callback);
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.release();
    callback(error);
  }

  #receive(data: Buffer): void {
    // The library uses its buffer again for the next message.
    const copy = Buffer.from(data);
    if (this.push(copy)) this.channel.adjustWindow(copy.length);
    else this.#unread += copy.length;
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.push(null);
  }
}
