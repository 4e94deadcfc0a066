/** `teleport-email status`: the daemon's state, and failed emails put back into the outbox. */

import { systemClock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { readEnvironment } from "../environment.ts";
import { silentLog } from "../log.ts";
import { retryFailed, type RetryResult } from "../requests/retry_failed.ts";
import type { TeleportClient } from "../teleport/client.ts";
import { ClusterError } from "../teleport/errors.ts";
import { openCluster } from "../daemon/cluster.ts";
import type { CliIo, ConfigOptions } from "./io.ts";
import { pluralize } from "./text.ts";
import { loadConfigOrReport, reportErrors } from "./read_config.ts";
import { StartError } from "../daemon/start_error.ts";
import { askDaemon } from "./daemon_client.ts";
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
    io.stderr(`${silent}. Showing the outbox stored in the cluster instead\n`);
  } else io.stderr("http.listen is not set. Showing the outbox stored in the cluster instead\n");
  const { pending, failed } = await readOutbox(config);
  const lists = {
    pending: { count: pending.length, emails: pending },
    failed: { count: failed.length, emails: failed },
  };
  io.stdout(json ? `${JSON.stringify(lists, null, 2)}\n` : outboxText({ pending, failed }));
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
    if (ids.length === 0) io.stdout("No failed emails\n");
    if (results.some((result) => result.kind === "done" && result.owed.length > 0)) {
      io.stdout(
        "A running daemon picks them up with the next event of the request, or when it reconnects. To send " +
          "them now: systemctl reload teleport-email, or SIGHUP\n",
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
        : `; not requeued: ${pluralize(result.left, "email")}, since the request is decided`;
      return `${pluralize(result.owed.length, "email")} requeued${
        mails === "" ? "" : ` (${mails})`
      }${left}`;
    }
    case "nothing":
      return "no failed emails, or no such request";
    case "missing":
      return "neither the request nor its record exists anymore";
    case "busy":
      return "its record was changed by others at each attempt: try again";
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
