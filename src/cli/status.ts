/** `teleport-email status`: how the daemon is doing, and mails that were given up put back in the outbox. */

import { systemClock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { readEnvironment } from "../environment.ts";
import { silentLog } from "../log.ts";
import { retryFailed, type RetryResult } from "../requests/retry_failed.ts";
import type { TeleportClient } from "../teleport/client.ts";
import { ClusterError } from "../teleport/errors.ts";
import { openCluster } from "../daemon/cluster.ts";
import type { CliIo, ConfigOptions } from "./io.ts";
import { pluralize } from "./counted.ts";
import { loadConfigOrReport, reportErrors } from "./read_config.ts";
import { StartError } from "../daemon/start_error.ts";
import { askDaemon } from "./status/daemon.ts";
import { type OutboxListing, outboxOf } from "../daemon/mail_status.ts";
import { outboxText, statusText } from "./status/report.ts";

/** What the command takes from the command line. */
export interface StatusOptions extends ConfigOptions {
  readonly json: boolean;
  /** Id of a request, or `all`: puts its failed mails back in the outbox. */
  readonly retry?: string;
}

/** Returns the exit code. */
export async function status(options: StatusOptions, io: CliIo): Promise<number> {
  const config = await loadConfigOrReport(options.config, io);
  if (config === undefined) return 2;
  try {
    if (options.retry !== undefined) return await retry(options.retry, config, io);
    return await report(options.json, config, io);
  } catch (error) {
    if (error instanceof StartError) return reportErrors(io, error.errors);
    if (error instanceof ClusterError) return reportErrors(io, [error.message]);
    throw error;
  }
}

async function report(json: boolean, config: Config, io: CliIo): Promise<number> {
  const answer = await askDaemon(config.http);
  if (answer.kind === "status") {
    const { status } = answer;
    io.stdout(json ? `${JSON.stringify(status, null, 2)}\n` : statusText(status));
    return status.ready && status.failed.count === 0 ? 0 : 1;
  }
  const silent = answer.kind === "silent" ? answer.error : undefined;
  if (silent !== undefined) {
    io.stderr(`${silent}. What follows is read from the cluster\n`);
  } else io.stderr("http.listen is not set. What follows is read from the cluster\n");
  const { owed, failed } = await readOutbox(config);
  const lists = {
    owed: { count: owed.length, mails: owed },
    failed: { count: failed.length, mails: failed },
  };
  io.stdout(json ? `${JSON.stringify(lists, null, 2)}\n` : outboxText({ owed, failed }));
  return silent === undefined && failed.length === 0 ? 0 : 1;
}

async function readOutbox(config: Config): Promise<OutboxListing> {
  return await withCluster(
    config,
    async (client, signal) => outboxOf(await client.listRecords(signal)),
  );
}

const ALL = "all";

async function retry(id: string, config: Config, io: CliIo): Promise<number> {
  return await withCluster(config, async (client, signal) => {
    const ids = id === ALL
      ? [...new Set(outboxOf(await client.listRecords(signal)).failed.map((m) => m.request_id))]
      : [id];
    const results: RetryResult[] = [];
    for (const each of ids) {
      const result = await retryFailed(each, client, systemClock.now(), signal);
      results.push(result);
      io.stdout(`${each}: ${describe(result)}\n`);
    }
    if (ids.length === 0) io.stdout("No mails were given up\n");
    if (results.some((result) => result.kind === "done" && result.owed.length > 0)) {
      io.stdout(
        "A running daemon sees them with the next news of the request, or when it connects anew; " +
          "send it SIGHUP or restart it to have them sent now\n",
      );
    }
    return results.every((result) => result.kind === "done") ? 0 : 1;
  });
}

function describe(result: RetryResult): string {
  switch (result.kind) {
    case "done": {
      const mails = result.owed.map(({ kind, to }) => `${kind} to ${to}`).join(", ");
      const left = result.left === 0
        ? ""
        : `; given up for good: ${pluralize(result.left, "mail")}, as the request is decided`;
      return `${pluralize(result.owed.length, "mail")} owed again${
        mails === "" ? "" : ` (${mails})`
      }${left}`;
    }
    case "nothing":
      return "no mails were given up, or there is no such request";
    case "missing":
      return "neither the request nor its record exists any more";
    case "busy":
      return "its record was changed by others all the time: try again";
  }
}

async function withCluster<T>(
  { teleport }: Config,
  action: (client: TeleportClient, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal } = new AbortController();
  const env = readEnvironment();
  const deps = { log: silentLog, clock: systemClock, random: Math.random, env };
  await using cluster = await openCluster(teleport, deps, signal);
  return await action(cluster.client, signal);
}
