/**
 * A simulated auth server: gRPC over mTLS on the state of a `Cluster` (teleport-protocol.md §2.1,
 * §4, §5).
 */

import * as grpc from "@grpc/grpc-js";
import { X509Certificate } from "node:crypto";
import tls from "node:tls";
import type { Event, Watch } from "../../src/teleport/generated/auth_pb.ts";
import { AuthCalls } from "./calls.ts";
import type { AuthHost, CallContext } from "./host.ts";
import { authMethods } from "./methods.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { SERVICE_DEFINITION, type Sink, type StatusName } from "./grpc_service.ts";
import { issueAuthServer } from "../pki/identity.ts";
import type { Issued, Pki } from "../pki/pki.ts";
import type { HostCertificateHolder } from "../cluster/rotation.ts";
import { TcpListener } from "../proxy/tcp_listener.ts";
import { RequestCache } from "./request_cache.ts";
import { isVersionAccepted } from "./version_gate.ts";
import { initEvent } from "./watchers.ts";

/** Starts an auth server on a free port of 127.0.0.1. */
export async function startAuthServer(cluster: Cluster, pki: Pki): Promise<AuthServer> {
  const listener = tls.createServer({
    ...await certificates(pki),
    requestCert: true,
    rejectUnauthorized: true,
    // "h2" also for clients that offer "teleport-auth@..." first (teleport-protocol.md §2.2).
    ALPNProtocols: ["h2"],
  });
  const auth = new AuthServer(cluster, listener);
  await auth.start();
  return auth;
}

async function certificates(pki: Pki): Promise<tls.SecureContextOptions> {
  const { keyPem: key, certPem: cert } = await issueAuthServer(pki);
  return { key, cert, ca: pki.userCa.certPem };
}

/** The server with its switches; `AuthFaults` has those for single calls. */
export class AuthServer extends AuthCalls
  implements AuthHost, HostCertificateHolder, AsyncDisposable {
  serverVersion = "17.4.8";
  /** True as on Enterprise; OSS has no review pages to link to. */
  advancedAccessWorkflows = true;
  proxyPublicAddr = "";
  maxPageSize = 1000;
  /** Whether INIT carries the confirmed kinds, as from v13 on. */
  watchStatus = true;
  /** Kinds that INIT does not confirm although the caller may watch them. */
  readonly unconfirmedKinds: Set<string> = new Set();
  /** Delay of INIT, as while a server's caches start. */
  initDelayMs = 0;
  /** Whether connections end when the client's certificate expires (teleport-protocol.md §3.4). */
  disconnectExpired = false;
  /** Whether connections are accepted and never answered. */
  isSilent = false;
  /** Whether clients with an unsupported version are refused. */
  versionGate = true;
  /** Pause it to let this server's listings and watches lag behind the cluster. */
  readonly cache: RequestCache;
  readonly #listener: TcpListener;
  readonly #grpc = new grpc.Server();
  readonly #injector: grpc.ConnectionInjector;
  readonly #watches = new Set<Sink<Event>>();

  constructor(readonly cluster: Cluster, private readonly server: tls.Server) {
    super();
    this.cache = new RequestCache(cluster);
    this.#listener = new TcpListener(server);
    // TLS terminates here and not in grpc-js, so that connections can be broken one by one and the
    // port reused. grpc-js still finds the client certificate on the socket.
    this.#injector = this.#grpc.createConnectionInjector(grpc.ServerCredentials.createInsecure());
    server.on("secureConnection", (socket) => {
      if (this.disconnectExpired) this.#endWithCertificate(socket);
      if (!this.isSilent) this.#injector.injectConnection(socket);
    });
    server.on("tlsClientError", (_error, socket) => socket.destroy());
    this.#grpc.addService(SERVICE_DEFINITION, this.implementation(authMethods(cluster, this)));
  }

  get port(): number {
    return this.#listener.port;
  }

  /** `127.0.0.1:<port>` */
  get address(): string {
    return this.#listener.address;
  }

  /** The number of open watch streams. */
  get openWatches(): number {
    return this.#watches.size;
  }

  /** Ends all watch streams: cleanly, as an old cache reset does, or with a status. */
  dropWatches(code?: StatusName, message = ""): void {
    for (const sink of [...this.#watches]) {
      if (code === undefined) sink.end();
      else sink.fail(code, message);
    }
  }

  /** Breaks every TCP connection without a message on a higher level. */
  breakConnections(): void {
    this.#listener.breakConnections();
  }

  /** Sends GOAWAY on every connection, as in a shutdown, and breaks those that stay open. */
  async goAway(graceMs = 100): Promise<void> {
    this.#injector.drain(graceMs);
    // grpc-js does not report when it has finished.
    await this.timers.pause(graceMs + 20);
  }

  /** Goes down: connections break and new ones are refused. */
  async stop(): Promise<void> {
    await this.#listener.stop();
  }

  async useHostCa(pki: Pki): Promise<void> {
    this.server.setSecureContext(await certificates(pki));
  }

  /** Presents another certificate than an auth server's from the next connection on. */
  useCertificate({ keyPem: key, certPem: cert }: Issued, pki: Pki): void {
    this.server.setSecureContext({ key, cert, ca: pki.userCa.certPem });
  }

  /** Comes back on the same port. */
  async start(): Promise<void> {
    await this.#listener.start();
  }

  watch(kinds: Watch["Kinds"], sink: Sink<Event>): void {
    this.#watches.add(sink);
    let unsubscribe = () => {};
    sink.onClose(() => {
      this.#watches.delete(sink);
      unsubscribe();
    });
    this.timers.pause(this.initDelayMs).then(() => {
      if (!this.#watches.has(sink)) return;
      const confirmed = kinds.filter(({ Kind: kind }) => !this.unconfirmedKinds.has(kind));
      sink.send(initEvent(confirmed, this.watchStatus && !this.isOld));
      unsubscribe = this.cache.subscribe(kinds, (event) => sink.send(event));
    });
  }

  #endWithCertificate(socket: tls.TLSSocket): void {
    const { validTo } = new X509Certificate(socket.getPeerCertificate().raw);
    const timer = setTimeout(() => socket.destroy(), Date.parse(validTo) - Date.now());
    socket.on("close", () => clearTimeout(timer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.timers[Symbol.dispose]();
    this.#grpc.forceShutdown();
    await this.stop();
  }

  protected override admit(metadata: grpc.Metadata): boolean {
    return !this.versionGate ||
      isVersionAccepted(metadata.get("version").map(String), this.serverVersion);
  }

  protected override disconnect({ remoteAddr }: CallContext): void {
    this.#listener.breakConnections(Number(remoteAddr.split(":").at(-1)));
  }
}
