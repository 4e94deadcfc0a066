/**
 * The way in through Teleport's SSH reverse tunnel: a channel of an SSH session with the proxy that ends
 * at the auth server (wire.md §2.3). What runs inside is the same TLS as everywhere else.
 */

import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import {
  ChannelRequestMessage,
  type SshChannel,
  SshClientSession,
  type SshDataWriter,
  SshProtocolExtensionNames,
  SshSessionConfiguration,
} from "@microsoft/dev-tunnels-ssh";
import type { Credentials } from "../credentials.ts";
import { ClusterError } from "../errors.ts";
import { certificateAlgorithms, CertificateKeyPair, userKeyPairs } from "./ssh_algorithms.ts";
import { SshByteStream } from "./ssh_byte_stream.ts";
import { SshChannelStream } from "./ssh_channel_stream.ts";
import { toSshError } from "./ssh_error.ts";
import { checkHostCertificate } from "./ssh_host_check.ts";
import { printable } from "./ssh_key.ts";
import { readSshUser, type SshUser } from "./ssh_user.ts";

const CHANNEL = "teleport-transport";
const DIAL_REQUEST = "teleport-transport-dial";
const DIAL_PAYLOAD = JSON.stringify({ address: "@remote-auth-server", conn_type: "node" });

export interface SshTunnelOptions {
  readonly timeoutMs: number;
  readonly nowMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Opens a tunnel over `stream`, which is connected to the proxy's tunnel port at `host`, and owns it from
 * then on. The result ends at the auth server; destroying it closes everything under it.
 *
 * @throws {ClusterError} `credentials` when the host is not vouched for or does not accept our
 *   certificate, `unavailable` otherwise; `stream` is destroyed then
 */
export async function openSshTunnel(
  stream: Duplex,
  host: string,
  credentials: Credentials,
  { timeoutMs, nowMs, signal }: SshTunnelOptions,
): Promise<Duplex> {
  const session = new SshClientSession(configuration());
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
      logIn(session, bytes, { host, nowMs, user }).then(() => session.openChannel(CHANNEL)),
    ]);
    const tunnel = new SshChannelStream(channel, release);
    await Promise.race([ending.promise, requestDial(channel)]);
    // Not earlier: until here a loss is this function's to report.
    ending.promise.catch((error) => tunnel.lose(error));
    return tunnel;
  } catch (error) {
    ending.promise.catch(() => {}); // disposing the session is an ending, too
    release();
    throw toSshError(error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

interface Login {
  readonly host: string;
  readonly nowMs: number;
  readonly user: SshUser;
}

/** Both sides show their certificates; ours is not shown to a host that nobody vouches for. */
async function logIn(session: SshClientSession, bytes: SshByteStream, login: Login): Promise<void> {
  const { host, nowMs, user: { name, certificate, privateKey, authorities } } = login;
  session.onAuthenticating((args) => {
    if (!(args.publicKey instanceof CertificateKeyPair)) return;
    const verdict = checkHostCertificate(args.publicKey.certificate, { host, authorities, nowMs });
    args.authenticationPromise = verdict.ok
      ? Promise.resolve({})
      : Promise.reject(new ClusterError("credentials", verdict.reason));
  });
  await session.connect(bytes);
  const publicKeys = userKeyPairs(certificate, privateKey);
  if (await session.authenticate({ username: name, publicKeys })) return;
  const end = Number.isFinite(certificate.notAfterMs)
    ? `valid until '${new Date(certificate.notAfterMs).toISOString()}'`
    : "without an end";
  throw new ClusterError(
    "credentials",
    `the proxy refuses the SSH certificate of '${
      printable(name)
    }', ${end}: an identity of another ` +
      `cluster or from before a rotation of the authorities, or a locked user`,
  );
}

/** Resolves when the channel ends at the auth server. */
async function requestDial(channel: SshChannel): Promise<void> {
  const said: Buffer[] = [];
  const listening = channel.onExtendedDataReceived(({ data }) => void said.push(Buffer.from(data)));
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
    // The whole rest of the message is the payload, not a string of SSH.
    writer.write(Buffer.from(DIAL_PAYLOAD));
  }
}

/** The library's defaults, with certificates only and without extensions of its own. */
function configuration(): SshSessionConfiguration {
  const config = new SshSessionConfiguration(true);
  config.publicKeyAlgorithms.splice(0, Infinity, ...certificateAlgorithms());
  config.protocolExtensions.splice(
    0,
    Infinity,
    SshProtocolExtensionNames.serverSignatureAlgorithms,
  );
  return config;
}
