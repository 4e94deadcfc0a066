/** Connections through an HTTP proxy by CONNECT (RFC 9110 §9.3.6), as the environment configures. */

import { formatAddress } from "./address.ts";
import http from "node:http";
import net from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import { orAborted } from "../abort.ts";
import { startDeadline } from "./deadline.ts";
import { dial, type DialOptions } from "./dial.ts";
import { DialError } from "./dial_error.ts";
import { networkFault } from "./network_fault.ts";
import { type Environment, type HttpProxy, proxyForAddress } from "./proxy_env.ts";
import { systemRoots } from "./system_roots.ts";

export interface Target {
  readonly host: string;
  readonly port: number;
}

/**
 * Connects to `target` directly, or through the proxy that `env` names for it. The stream keeps an error
 * listener.
 *
 * @throws {DialError} `proxy` when the proxy fails; the message names it
 */
export async function dialFromEnvironment(
  target: Target,
  env: Environment,
  options: DialOptions,
): Promise<Duplex> {
  const proxy = proxyForAddress(target.host, target.port, env);
  if (proxy === undefined) return await dial(target, options);
  const where = `the HTTP proxy '${formatAddress(proxy)}'`;
  let socket: net.Socket;
  try {
    socket = await dial(proxy, options);
  } catch (error) {
    if (error instanceof DialError && error.why === "cancelled") throw error;
    throw new DialError("proxy", `${where} cannot be reached: ${networkFault(error)}`);
  }
  try {
    const stream = proxy.secure ? await secure(socket, proxy, options) : socket;
    return await requestTunnel(stream, target, proxy, options);
  } catch (error) {
    socket.destroy();
    if (error instanceof DialError) throw error;
    throw new DialError("proxy", `${where} fails: ${networkFault(error)}`, { cause: error });
  }
}

async function secure(
  socket: net.Socket,
  proxy: HttpProxy,
  { signal, timeoutMs }: DialOptions,
): Promise<Duplex> {
  const { host } = proxy;
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const ca = systemRoots();
  const secured = tls.connect({
    socket,
    ...net.isIP(host) === 0 ? { servername: host } : { host },
    ...ca === undefined ? {} : { ca },
  });
  // For its whole life, as on the socket below it.
  secured.on("error", reject);
  secured.once("secureConnect", () => resolve(secured));
  using deadline = startDeadline(timeoutMs, signal);
  try {
    return await orAborted(promise, deadline.signal);
  } catch (error) {
    throw deadline.expired ? noAnswer(proxy) : error;
  }
}

function noAnswer(proxy: HttpProxy): DialError {
  return new DialError("proxy", `the HTTP proxy '${formatAddress(proxy)}' does not answer`);
}

async function requestTunnel(
  stream: Duplex,
  target: Target,
  proxy: HttpProxy,
  { signal, timeoutMs }: DialOptions,
): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const where = `the HTTP proxy '${formatAddress(proxy)}'`;
  const path = formatAddress(target);
  const request = http.request({
    method: "CONNECT",
    path,
    headers: {
      host: path,
      connection: "keep-alive",
      ...proxy.authorization !== undefined && { "proxy-authorization": proxy.authorization },
    },
    createConnection: () => stream,
  });
  const refuse = (status: number | undefined) =>
    reject(
      new DialError(
        "proxy",
        status === 407
          ? `${where} asks for other credentials (HTTP 407): put user:password into its URL`
          : `${where} refuses a connection to '${path}' (HTTP ${status})`,
      ),
    );
  request.once("connect", (response, _socket, head: Uint8Array) => {
    // Any 2xx is a tunnel (RFC 9110 §9.3.6).
    if (Math.floor((response.statusCode ?? 0) / 100) !== 2) return refuse(response.statusCode);
    if (head.length > 0) stream.unshift(head);
    resolve(stream);
  });
  request.once("response", (response) => refuse(response.statusCode));
  request.on("error", reject);
  request.end();
  using deadline = startDeadline(timeoutMs, signal);
  try {
    return await orAborted(promise, deadline.signal);
  } catch (error) {
    throw deadline.expired ? noAnswer(proxy) : error;
  }
}
