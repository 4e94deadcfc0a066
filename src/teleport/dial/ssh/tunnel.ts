/**
 * Opens a tunnel through Teleport's SSH reverse tunnel: a channel of an SSH session with the proxy
 * that ends at the auth server (teleport-protocol.md §2.3). Inside it runs the same mutual TLS as
 * with every other connection method.
 */

import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import {
  ChannelRequestMessage,
  type SshChannel,
  type SshDataWriter,
} from "@microsoft/dev-tunnels-ssh";
import type { Credentials } from "../../credentials.ts";
import { ClusterError } from "../../errors.ts";
import { SshByteStream } from "./byte_stream.ts";
import { SshChannelStream } from "./channel_stream.ts";
import { toSshError } from "./error.ts";
import { printable } from "./key.ts";
import { logIn } from "./login.ts";
import { TunnelSession } from "./session.ts";
import { readSshUser } from "./user.ts";

const CHANNEL = "teleport-transport";
const DIAL_REQUEST = "teleport-transport-dial";
const DIAL_PAYLOAD = JSON.stringify({ address: "@remote-auth-server", conn_type: "node" });
/** How many messages with an error text are kept. */
const MAX_ERROR_MESSAGES = 8;

/** Time limit of opening a tunnel, the time for validity checks, and a signal that cancels it. */
export interface SshTunnelOptions {
  readonly timeoutMs: number;
  readonly nowMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Opens a tunnel over `stream`, which is connected to the proxy's tunnel port at `host`, and owns it from
 * then on. The result ends at the auth server; destroying it closes everything under it.
 *
 * @throws {ClusterError} `credentials` when the host's certificate is not trusted or the host rejects
 *   ours, `unavailable` otherwise; `stream` is destroyed then
 */
export async function openSshTunnel(
  stream: Duplex,
  host: string,
  credentials: Credentials,
  { timeoutMs, nowMs, signal }: SshTunnelOptions,
): Promise<Duplex> {
  const session = new TunnelSession();
  const release = () => {
    session.dispose();
    stream.destroy();
  };
  const ending = Promise.withResolvers<never>();
  const fail = (message: string) => ending.reject(new ClusterError("unavailable", message));
  const abort = () => fail("the attempt was cancelled");
  const timer = setTimeout(() => fail("the SSH handshake timed out"), timeoutMs);
  signal?.addEventListener("abort", abort);
  try {
    if (signal?.aborted) abort();
    session.onClosed(({ message }) =>
      fail(`the proxy ended the SSH session: ${printable(message)}`)
    );
    const bytes = new SshByteStream(stream, ending.reject);
    const user = readSshUser(credentials, nowMs);
    const channel = await Promise.race([
      ending.promise,
      logIn(session, bytes, { host, nowMs, user }).then(() => session.openTunnelChannel(CHANNEL)),
    ]);
    const tunnel = new SshChannelStream(channel, release);
    await Promise.race([ending.promise, requestDial(channel)]);
    // Not earlier: until here this function reports a lost connection.
    ending.promise.catch((error) => tunnel.lose(error));
    return tunnel;
  } catch (error) {
    ending.promise.catch(() => {}); // disposing the session rejects it, too
    release();
    throw toSshError(error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** Resolves when the channel ends at the auth server. */
async function requestDial(channel: SshChannel): Promise<void> {
  const said: Buffer[] = [];
  const listening = channel.onExtendedDataReceived(({ data }) => {
    if (said.length < MAX_ERROR_MESSAGES) said.push(Buffer.from(data));
  });
  const isDialed = await channel.request(new DialRequest(DIAL_REQUEST, true));
  listening.dispose();
  if (isDialed) return;
  const text = printable(Buffer.concat(said).toString().trim());
  throw new ClusterError(
    "unavailable",
    `the proxy cannot reach the auth server: ${text === "" ? "it gives no reason" : text}`,
  );
}

class DialRequest extends ChannelRequestMessage {
  protected override onWrite(writer: SshDataWriter): void {
    super.onWrite(writer);
    // The payload is the rest of the message, not an SSH string.
    writer.write(Buffer.from(DIAL_PAYLOAD));
  }
}
