/** The cluster for a command: one attempt, and nothing in a log. */

import { systemClock } from "../clock.ts";
import type { TeleportConfig } from "../config/config.ts";
import { openCluster } from "../daemon/cluster.ts";
import { connect } from "../daemon/connect.ts";
import { StartError } from "../daemon/start_error.ts";
import { readEnvironment } from "../environment.ts";
import { silentLog } from "../log.ts";
import type { ServerInfo, TeleportClient } from "../teleport/client.ts";
import { ClusterError } from "../teleport/errors.ts";
import { type CliIo, reportErrors } from "./io.ts";
import { DocumentError } from "./route/documents.ts";

/** A connection for the time of one action. */
export interface CommandCluster {
  readonly client: TeleportClient;
  readonly server: ServerInfo;
  /** Never aborted: the user ends the program instead. */
  readonly signal: AbortSignal;
}

/**
 * Connects, runs `action` and disconnects.
 *
 * @throws {ClusterError | StartError} when the cluster cannot be reached, and whatever `action` throws
 */
export async function withCluster<T>(
  teleport: TeleportConfig,
  action: (cluster: CommandCluster) => Promise<T>,
): Promise<T> {
  const { signal } = new AbortController();
  const deps = { log: silentLog, clock: systemClock, random: Math.random, env: readEnvironment() };
  await using cluster = await openCluster(teleport, deps, signal);
  const { client } = cluster;
  const server = await connect(client, { ...deps, failFast: true }, signal);
  if (server === undefined) throw new Error("the signal of a command is never aborted");
  return await action({ client, server, signal });
}

/** Runs a command; errors that users can do something about are reported, each on a line. */
export async function orReportErrors(
  io: CliIo,
  action: () => Promise<number>,
): Promise<number> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof StartError) return reportErrors(io, error.errors);
    if (error instanceof DocumentError || error instanceof ClusterError) {
      return reportErrors(io, [error.message]);
    }
    throw error;
  }
}
