/** Reads a proxy's public settings from its web server (teleport-protocol.md §2.6). */

import http from "node:http";
import type { TLSSocket } from "node:tls";
import * as v from "valibot";
import { orAborted } from "../../abort.ts";
import { startDeadline } from "../../net/deadline.ts";
import { networkFault } from "../../net/network_fault.ts";
import { ClusterError } from "../errors.ts";
import { ProxySettings } from "./ssh/tunnel_address.ts";
import { type Address, formatAddress } from "../../net/address.ts";
import { type DialContext, MethodNotApplicable } from "./method.ts";
import { connectWeb } from "./web_tls.ts";

const PATH = "/webapi/find";
/** A real answer has some 2 KiB. */
const MAX_BYTES = 1024 * 1024;

/**
 * Gets `/webapi/find` of the proxy at `address`.
 *
 * @throws {ClusterError} `MethodNotApplicable` when the server is not a proxy's web server
 */
export async function findProxy(
  address: Address,
  context: DialContext,
  signal: AbortSignal,
): Promise<ProxySettings> {
  const socket = await connectWeb(address, ["http/1.1"], context, signal);
  try {
    const body = await get(socket, address, context.stepTimeoutMs, signal);
    const parsed = v.safeParse(ProxySettings, parseJson(body));
    if (parsed.success) return parsed.output;
  } finally {
    socket.destroy();
  }
  throw new MethodNotApplicable(
    `the web server at '${
      formatAddress(address)
    }' is not a Teleport proxy: it does not answer ${PATH}`,
  );
}

async function get(
  socket: TLSSocket,
  address: Address,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const request = http.get({
    path: PATH,
    headers: { host: formatAddress(address), connection: "close" },
    createConnection: () => socket,
  }, (response) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    response.on("data", (chunk: Uint8Array) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_BYTES) request.destroy(new Error("the answer is too long"));
    });
    response.on("end", () => new Blob(chunks as BlobPart[]).text().then(resolve, reject));
    response.on("error", reject);
  });
  request.on("error", reject);
  // Limits the whole response, even one that arrives byte by byte.
  using deadline = startDeadline(timeoutMs, signal);
  try {
    return await orAborted(promise, deadline.signal);
  } catch (cause) {
    const why = deadline.expired ? "timed out" : networkFault(cause);
    throw new ClusterError("unavailable", `${PATH} of the proxy failed: ${why}`, { cause });
  } finally {
    request.destroy();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
