/** An SSH channel as a Node stream. */

import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { SshChannel } from "@microsoft/dev-tunnels-ssh";

type Callback = (error?: Error | null) => void;

/**
 * A duplex stream over a channel. Unlike the library's own `SshStream`, it keeps a half-closed channel
 * open, fails when the session is lost, and releases everything under it when it is destroyed.
 */
export class SshChannelStream extends Duplex {
  /** Bytes not read yet; reading them opens the window for as many more. */
  #unread = 0;
  #hasEnded = false;

  /** `release` disposes the session and the stream under it. */
  constructor(private readonly channel: SshChannel, private readonly release: () => void) {
    super({ allowHalfOpen: false });
    channel.onDataReceived((data) => this.#receive(data));
    // Extended data is discarded, but counts as read, or the window would eventually close.
    channel.onExtendedDataReceived(({ data }) => channel.adjustWindow(data.length));
    channel.onEof(() => this.#end());
    // A lost session also closes its channels, but is a failure and not an end.
    channel.onClosed(() => channel.session.isClosed || this.#end());
    // A loss while no listener is attached must not be an uncaught error.
    this.on("error", () => {});
  }

  /** Fails the stream after the session was lost; ignored if the proxy had ended the channel before. */
  lose(error: Error): void {
    if (!this.#hasEnded) this.destroy(error);
  }

  override _read(): void {
    const count = this.#unread;
    this.#unread = 0;
    if (count > 0) this.channel.adjustWindow(count);
  }

  override _write(chunk: Buffer, _encoding: string, callback: Callback): void {
    // The library would take an empty chunk for the end of the stream.
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
    // The library reuses its buffer for the next message.
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
