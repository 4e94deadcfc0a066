/** The first contact with the cluster. */

import { DecorrelatedBackoff } from "../backoff.ts";
import { pause } from "../clock.ts";
import type { Runtime } from "../runtime.ts";
import type { ServerInfo, TeleportClient } from "../teleport/client.ts";
import { ClusterError } from "../teleport/errors.ts";
import { checkServerVersion, MIN_SERVER_VERSION } from "../teleport/server_version.ts";

export interface ConnectDeps extends Runtime {
  /** Fails at the first error instead of retrying. */
  readonly failFast?: boolean;
  /** Called whenever the server has not answered. */
  readonly onSilence?: (error: ClusterError) => void;
}

/**
 * Pings the server until it answers; undefined when `signal` is aborted first.
 *
 * @throws {ClusterError} for permanent errors: invalid credentials, or a server that is too old
 */
export async function connect(
  client: Pick<TeleportClient, "ping">,
  deps: ConnectDeps,
  signal: AbortSignal,
): Promise<ServerInfo | undefined> {
  const { log, clock } = deps;
  const backoff = new DecorrelatedBackoff(20, 5000, deps.random);
  for (let attempts = 1; !signal.aborted; attempts++) {
    log.debug("Checking Teleport server version");
    const server = await client.ping(signal).catch((error: unknown) => explain(error));
    if (!(server instanceof ClusterError)) {
      checkServerVersion(server.version);
      if (attempts > 1) log.info("Teleport server answers now", { attempts });
      return server;
    }
    if (signal.aborted) return undefined;
    deps.onSilence?.(server);
    if (!server.isTransient || deps.failFast) throw server;
    const say = attempts === 1 ? log.warn : log.debug;
    say.call(log, "Teleport server does not answer, trying again", { error: server });
    await pause(clock, backoff.next(), signal);
  }
  return undefined;
}

/** A server without this call is too old, in the original's words. */
function explain(error: unknown): ClusterError {
  if (!(error instanceof ClusterError)) throw error;
  if (error.kind !== "unsupported") return error;
  const message = `server version must be at least ${MIN_SERVER_VERSION}: ${error.message}`;
  return new ClusterError("unsupported", message, { cause: error });
}
