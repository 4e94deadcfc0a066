/**
 * A simulated SSH tunnel port of a Teleport proxy (teleport-protocol.md §2.3): a host certificate,
 * users by certificate, and channels that end at the auth server.
 */

import { Buffer } from "node:buffer";
import type { KeyObject } from "node:crypto";
import net from "node:net";
import type { Duplex } from "node:stream";
import {
  NodeStream,
  SshAuthenticationType,
  type SshChannel,
  SshChannelOpenFailureReason,
  SshServerSession,
  SshStream,
} from "@microsoft/dev-tunnels-ssh";
import type { Pki } from "../../pki/pki.ts";
import type { HostCertificateHolder } from "../../cluster/rotation.ts";
import { hostKeyPairs, Pair } from "./algorithm.ts";
import { issueSshCertificate, refuseUser, type SshCertificateRequest } from "./certificates.ts";
import { generateSshKey, publicKeyBlob } from "./keys.ts";
import { ErrorText, readRequest, serverConfiguration } from "./messages.ts";
import { dial, splice } from "../splice.ts";
import { TcpListener } from "../tcp_listener.ts";

const DAY_MS = 24 * 3_600_000;
const CHANNEL = "teleport-transport";
const DIAL_REQUEST = "teleport-transport-dial";
const AUTH_SERVER = "@remote-auth-server";

/** The host's key and certificate, including faulty ones. */
export interface SshTunnelOptions {
  /** The host's private key, default a new Ed25519 key. */
  readonly hostKey?: KeyObject;
  /** Changes to the host certificate, for example to make it invalid. */
  readonly certificate?: Partial<SshCertificateRequest>;
  /** Presents the host key without a certificate. */
  readonly plainHostKey?: boolean;
  /** Presents a certificate whose private key it does not have. */
  readonly stolenCertificate?: boolean;
  /** Number of bytes after which the server starts a key re-exchange, default 512 MiB. */
  readonly rekeyBytes?: number;
  /** The cluster whose host CA signs the certificate, default this one. */
  readonly signedBy?: Pki;
}

/** Starts a tunnel port on a free port of 127.0.0.1. */
export async function startSshTunnel(
  pki: Pki,
  authAddress: string,
  options: SshTunnelOptions = {},
): Promise<SshTunnelServer> {
  const server = new SshTunnelServer(pki, authAddress, options);
  await server.start();
  return server;
}

/** The tunnel port with its counters and switches. */
export class SshTunnelServer extends TcpListener implements HostCertificateHolder {
  /** Users that have logged in, in order. */
  readonly logins: string[] = [];
  /** The reasons of refused logins. */
  readonly refusals: string[] = [];
  /** The payloads of the dial requests. */
  readonly dials: unknown[] = [];
  /** The sessions of open connections. */
  readonly sessions = new Set<SshServerSession>();
  /** The error text with which dial requests are refused. */
  refuseDial: string | undefined;
  #hostKeys: readonly Pair[];

  constructor(
    private readonly pki: Pki,
    private readonly authAddress: string,
    private readonly options: SshTunnelOptions = {},
  ) {
    super(net.createServer((socket) => this.serve(socket)));
    this.#hostKeys = makeHostKeys(options.signedBy ?? pki, options);
  }

  useHostCa(pki: Pki): Promise<void> {
    this.#hostKeys = makeHostKeys(pki, this.options);
    return Promise.resolve();
  }

  /** Serves SSH on a connection accepted by another listener, such as a TLS port. */
  serve(stream: Duplex): void {
    stream.on("error", () => {});
    // Only after the client's first bytes: in the library a connection that closes at once is an
    // unhandled rejection.
    stream.once("data", (chunk: Uint8Array) => {
      // A client that does not speak SSH, but TLS for example, gets only the version line.
      if (!Buffer.from(chunk).toString("latin1").startsWith("SSH-")) {
        return void stream.end("SSH-2.0-Teleport\r\n");
      }
      stream.pause();
      stream.unshift(chunk);
      const session = this.#session();
      this.sessions.add(session);
      stream.on("close", () => {
        this.sessions.delete(session);
        session.dispose();
      });
      session.connect(new NodeStream(stream)).catch(() => stream.destroy());
      stream.resume();
    });
  }

  #session(): SshServerSession {
    const session = new SshServerSession(serverConfiguration(this.options.rekeyBytes));
    session.credentials = { publicKeys: [...this.#hostKeys] };
    session.onAuthenticating((args) => {
      const isKey = args.authenticationType === SshAuthenticationType.clientPublicKey ||
        args.authenticationType === SshAuthenticationType.clientPublicKeyQuery;
      if (!isKey || !(args.publicKey instanceof Pair) || !args.publicKey.blob) return;
      const user = args.username ?? "";
      const refusal = refuseUser(args.publicKey.blob, user, this.pki.sshUserCa);
      if (refusal !== undefined) return void this.refusals.push(refusal);
      args.authenticationPromise = Promise.resolve({ user });
      if (args.authenticationType === SshAuthenticationType.clientPublicKey) this.logins.push(user);
    });
    session.onChannelOpening((args) => {
      if (!args.isRemoteRequest) return;
      if (args.channel.channelType === CHANNEL) return this.#serveChannel(session, args.channel);
      args.failureReason = SshChannelOpenFailureReason.unknownChannelType;
      args.failureDescription = args.channel.channelType;
    });
    return session;
  }

  #serveChannel(session: SshServerSession, channel: SshChannel): void {
    channel.onRequest((args) => {
      const { type, payload } = readRequest(args.request);
      const request = JSON.parse(payload);
      this.dials.push(request);
      const isKnown = type === DIAL_REQUEST && request.address === AUTH_SERVER;
      const refusal = isKnown ? this.refuseDial : `unknown transport address ${request.address}`;
      args.isAuthorized = refusal === undefined;
      if (refusal === undefined) {
        const stream = new SshStream(channel);
        // The library's stream ignores it.
        channel.onEof(() => stream.push(null));
        return splice(stream, dial(this.authAddress));
      }
      // Bypasses the channel's queue, which waits for the reply to this request.
      session.sendMessage(new ErrorText(channel.remoteChannelId, refusal)).catch(() => {});
    });
  }
}

function makeHostKeys(pki: Pki, options: SshTunnelOptions): readonly Pair[] {
  const key = options.hostKey ?? generateSshKey("ed25519");
  const certificate = issueSshCertificate(pki.sshHostCa, {
    kind: "host",
    key,
    keyId: "proxy",
    principals: ["127.0.0.1", "localhost", `proxy.${pki.clusterName}`, pki.clusterName],
    ttlMs: DAY_MS,
    ...options.certificate,
  });
  return hostKeyPairs(
    options.plainHostKey ? publicKeyBlob(key) : certificate,
    options.stolenCertificate ? generateSshKey("ed25519") : key,
  );
}
