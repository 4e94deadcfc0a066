/** The TCP connection that every connection method begins with. */

import type { Duplex } from "node:stream";
import { DialError } from "../../net/dial_error.ts";
import { dialFromEnvironment } from "../../net/http_connect.ts";
import { ClusterError } from "../errors.ts";
import type { Address } from "../../net/address.ts";
import type { DialContext } from "./method.ts";

/**
 * Connects to `address`, through an HTTP proxy where the environment asks for one.
 *
 * @throws {ClusterError} `unavailable`
 */
export async function connectTcp(
  address: Address,
  { env, lookup, stepTimeoutMs: timeoutMs }: DialContext,
  signal: AbortSignal,
): Promise<Duplex> {
  try {
    return await dialFromEnvironment(address, env, { lookup, timeoutMs, signal });
  } catch (error) {
    if (!(error instanceof DialError)) throw error;
    const message = error.why === "timeout"
      ? `the connection timed out: ${error.message}`
      : error.message;
    throw new ClusterError("unavailable", message, { cause: error });
  }
}
