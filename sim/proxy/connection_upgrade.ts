/**
 * /webapi/connectionupgrade of a proxy: any connection inside a WebSocket (teleport-protocol.md
 * §2.4).
 */

import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
// @ts-types="@types/ws"
import { createWebSocketStream, type WebSocket, WebSocketServer } from "ws";

const ACCEPT_HEADER = "Sec-WebSocket-Accept: ";

/** The upgrade with its switches and counters. */
export class ConnectionUpgrade {
  /** Answers 404, as an older server does. */
  isMissing = false;
  /** The supported subprotocols, best first. */
  protocols: readonly string[] = ["alpn-ping", "alpn"];
  /** Answers with a Sec-WebSocket-Accept that belongs to another key. */
  wrongAccept = false;
  /** Answers with this subprotocol, regardless of the request. */
  wrongProtocol: string | undefined;
  /** The number of next upgrades to refuse with 502. */
  refusals = 0;
  /** Ends the connection right after the 101. */
  closeAfterSwitch = false;
  /** Interval of PINGs on `alpn-ping` connections, milliseconds. */
  pingIntervalMs = 30_000;
  /** The number of upgraded connections, by subprotocol. */
  readonly accepted: Map<string, number> = new Map();
  pings = 0;
  /** PONGs with the payload of the PING. */
  pongs = 0;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    handleProtocols: (asked) =>
      this.wrongProtocol ?? this.protocols.find((protocol) => asked.has(protocol)) ?? false,
  });

  /** `serve` receives the connections inside the WebSockets. */
  constructor(readonly serve: (stream: Duplex) => void) {
    this.#server.on("headers", (headers) => {
      if (!this.wrongAccept) return;
      const at = headers.findIndex((header) => header.startsWith(ACCEPT_HEADER));
      headers[at] = `${ACCEPT_HEADER}s3pPLMBiTxaQ9kYGzzhZRbK+xOo=`; // the example of RFC 6455 §1.3
    });
    // Otherwise ws itself answers 400, and a socket error at that time is uncaught.
    this.#server.on("wsClientError", (_error, socket) => void socket.destroy());
  }

  /** Takes over a connection after its request. */
  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => {});
    if (this.isMissing) return refuse(socket, "404 Not Found");
    if (this.refusals > 0) {
      this.refusals--;
      return refuse(socket, "502 Bad Gateway");
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.accepted.set(webSocket.protocol, (this.accepted.get(webSocket.protocol) ?? 0) + 1);
      if (this.closeAfterSwitch) return void socket.end();
      if (webSocket.protocol === "") return webSocket.close();
      if (webSocket.protocol === "alpn-ping") this.#keepAlive(webSocket);
      this.serve(streamOf(webSocket));
    });
  }

  #keepAlive(webSocket: WebSocket): void {
    const timer = setInterval(() => {
      this.pings++;
      webSocket.ping("teleport");
    }, this.pingIntervalMs);
    webSocket.on("pong", (payload) => {
      if (payload.toString() === "teleport") this.pongs++;
    });
    webSocket.on("close", () => clearInterval(timer));
  }
}

/** The connection inside a WebSocket. */
export function streamOf(webSocket: WebSocket): Duplex {
  const stream = createWebSocketStream(webSocket);
  stream.on("error", () => {});
  // A WebSocket cannot be open in one direction, but ws leaves the stream half open.
  stream.on("end", () => stream.destroy());
  return stream;
}

/** Answers a request without an upgrade, and closes the connection. */
export function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
