/** Builds `/status`, and the data of `/metrics`, from the daemon's state. */

import { MAX_LISTED_MAILS, type Status } from "../ops/status.ts";
import type { Refusal } from "../mail/transport.ts";
import type { Pace } from "../requests/delivery/pace.ts";
import type {
  OutboxCounts,
  RequestOutbox,
  UnwritableRequest,
} from "../requests/tracked_request.ts";
import type { ServerInfo } from "../teleport/client.ts";
import type { Connection } from "../teleport/connection.ts";
import type { Credentials } from "../teleport/credentials.ts";
import { VERSION } from "../version.ts";
import { failedStatus, pendingStatus, statusTime } from "./mail_status.ts";

/** A snapshot of the daemon's state. */
export interface Facts {
  readonly nowMs: number;
  readonly startedMs: number;
  /** Why the daemon is not ready; empty if it is. */
  readonly notReady: readonly string[];
  readonly watch: { readonly isLive: boolean; readonly sinceMs: number };
  /** Undefined until the server has answered for the first time. */
  readonly server: ServerInfo | undefined;
  readonly connection: Pick<Connection, "method" | "sinceMs" | "credentials"> | undefined;
  /** Those of the connection; without a connection, those read last. */
  readonly credentials: Credentials | undefined;
  readonly transport: string | undefined;
  readonly isPaused: boolean;
  /** Why sending fails since the last accepted mail; undefined without an outage. */
  readonly outage: Refusal | undefined;
  /** Whether the mail server or service has been asked for anything with this setup. */
  readonly isMailTried: boolean;
  /** Limits of concurrency and rate; undefined until the server has answered. */
  readonly pace: Pick<Pace, "isLowered" | "connections" | "perSecond"> | undefined;
  readonly lastSentMs: number | undefined;
  readonly queue: number;
  readonly outbox: OutboxCounts;
  /** Requests whose records the cluster refuses to change. */
  readonly unwritable: readonly UnwritableRequest[];
  readonly reload: { readonly isOk: boolean; readonly loadedMs: number };
}

/** The page `/status`; `outbox` are the mails that `facts.outbox` counts. */
export function statusOf(facts: Facts, outbox: readonly RequestOutbox[]): Status {
  const { outage, pace, reload } = facts;
  const pending = outbox.flatMap(({ id, owed }) => owed.map((mail) => [id, mail] as const));
  const failed = outbox.flatMap(({ id, failed }) => failed.map((mail) => [id, mail] as const));
  const listed = <T, S>(mails: readonly T[], status: (mail: T) => S) => ({
    count: mails.length,
    emails: mails.slice(0, MAX_LISTED_MAILS).map(status),
  });
  return {
    version: VERSION,
    started: statusTime(facts.startedMs),
    ready: facts.notReady.length === 0,
    reasons: [...facts.notReady],
    cluster: clusterOf(facts),
    mail: {
      ...facts.transport !== undefined && { transport: facts.transport },
      paused: facts.isPaused,
      tried: facts.isMailTried,
      ...outage && {
        reason: outage.error,
        category: outage.category,
        ...outage.remedy !== undefined && { remedy: outage.remedy },
      },
      ...pace?.isLowered && {
        slowed: {
          connections: pace.connections,
          ...pace.perSecond !== undefined && { "messages_per_second": pace.perSecond },
        },
      },
      ...facts.lastSentMs !== undefined && { "last_sent": statusTime(facts.lastSentMs) },
    },
    queue: facts.queue,
    pending: listed(pending, (mail) => pendingStatus(...mail)),
    failed: listed(failed, (mail) => failedStatus(...mail)),
    unwritable: {
      count: facts.unwritable.length,
      requests: facts.unwritable.slice(0, MAX_LISTED_MAILS).map((request) => ({
        "request_id": request.id,
        since: statusTime(request.sinceMs),
        attempts: request.attempts,
        error: request.error,
      })),
    },
    reload: { ok: reload.isOk, loaded: statusTime(reload.loadedMs) },
  };
}

function clusterOf({ nowMs, watch, server, connection, credentials }: Facts): Status["cluster"] {
  return {
    connected: connection !== undefined,
    watching: watch.isLive,
    "watching_since": statusTime(watch.sinceMs),
    ...connection && {
      via: connection.method,
      "connected_since": statusTime(connection.sinceMs),
      user: connection.credentials.subject,
    },
    ...server && { name: server.clusterName, "server_version": server.version },
    ...credentials && {
      certificate: {
        "not_after": statusTime(credentials.notAfterMs),
        "seconds_left": Math.floor((credentials.notAfterMs - nowMs) / 1000),
      },
    },
  };
}
