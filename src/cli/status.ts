/** `teleport-email status`: the daemon's state, and failed emails put back into the outbox. */

import { systemClock } from "../clock.ts";
import type { TeleportConfig } from "../config/config.ts";
import { outboxOf } from "../daemon/mail_status.ts";
import { retryFailed, type RetryResult } from "../requests/retry_failed.ts";
import { askDaemon, askToReread, type DaemonAddress } from "./daemon_client.ts";
import { EXIT_CANNOT_RUN, EXIT_FAILURE, EXIT_OK } from "./exit_codes.ts";
import { type CliIo, complain, type ConfigOptions } from "./io.ts";
import { loadPartsOrReport } from "./read_config.ts";
import { outboxText, statusText } from "./status/report.ts";
import { pluralize } from "./text.ts";
import { orReportErrors, withCluster } from "./with_cluster.ts";

/** What the command takes from the command line. */
export interface StatusOptions extends ConfigOptions {
  readonly json: boolean;
  /** Id of a request, or `all`: puts its failed emails back in the outbox. */
  readonly retry?: string;
  /** Where the daemon listens, in place of `http.listen`: no configuration is read to ask it. */
  readonly address?: DaemonAddress;
}

/** Returns the exit code. */
export async function status(options: StatusOptions, io: CliIo): Promise<number> {
  const { retry: id, address, json, config: path } = options;
  return await orReportErrors(io, async () => {
    if (id !== undefined) {
      const config = await loadPartsOrReport(path, ["teleport", "http"], io);
      if (config === undefined) return EXIT_CANNOT_RUN;
      return await retry(id, config.teleport, address ?? config.http.listen, io);
    }
    if (address === undefined) {
      const config = await loadPartsOrReport(path, ["http"], io);
      return config === undefined
        ? EXIT_CANNOT_RUN
        : await report(json, config.http.listen, config.teleport, io);
    }
    return await report(json, address, undefined, io);
  });
}

/** Without `teleport`, only the daemon can answer. */
async function report(
  json: boolean,
  listen: DaemonAddress | undefined,
  teleport: TeleportConfig | undefined,
  io: CliIo,
): Promise<number> {
  const answer = await askDaemon(listen);
  if (answer.kind === "status") {
    const { status } = answer;
    io.stdout(json ? `${JSON.stringify(status, null, 2)}\n` : statusText(status));
    return status.ready && status.failed.count === 0 ? EXIT_OK : EXIT_FAILURE;
  }
  const isSilent = answer.kind === "silent";
  const reason = isSilent ? answer.error : "http.listen is not set";
  if (teleport === undefined) {
    complain(io, "error", reason);
    return EXIT_FAILURE;
  }
  complain(io, "note", `${reason}. Showing the outbox stored in the cluster instead`);
  const { pending, failed } = await withCluster(
    teleport,
    async ({ client, signal }) => outboxOf(await client.listRecords(signal)),
  );
  const lists = {
    source: "cluster",
    reason,
    pending: { count: pending.length, emails: pending },
    failed: { count: failed.length, emails: failed },
  };
  io.stdout(json ? `${JSON.stringify(lists, null, 2)}\n` : outboxText({ pending, failed }));
  return !isSilent && failed.length === 0 ? EXIT_OK : EXIT_FAILURE;
}

const ALL = "all";

async function retry(
  id: string,
  teleport: TeleportConfig,
  listen: DaemonAddress | undefined,
  io: CliIo,
): Promise<number> {
  return await withCluster(teleport, async ({ client, signal }) => {
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
      io.stdout(await askToReread(listen) ? "The running daemon sends them now\n" : NOT_ASKED);
    }
    return results.every((result) => result.kind === "done") ? EXIT_OK : EXIT_FAILURE;
  });
}

const NOT_ASKED =
  "A running daemon sends them at the next event of the request, or when it reconnects. To send " +
  "them now: systemctl reload teleport-email, or SIGHUP\n";

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
