/** The gauges of `/metrics`, read at each scrape. docs/operate/metrics.md explains each. */

import type { Gauges } from "../ops/metrics.ts";
import { METRIC_PREFIX as PREFIX } from "../version.ts";
import type { Facts } from "./report.ts";

/** Name, help and value of each. */
export const GAUGES: Gauges<Facts> = [
  [
    `${PREFIX}ready`,
    "1 if ready, as /readyz says.",
    ({ notReady }) => Number(notReady.length === 0),
  ],
  [
    `${PREFIX}cluster_connected`,
    "1 if connected to the cluster.",
    ({ connection }) => Number(connection !== undefined),
  ],
  [
    `${PREFIX}watch_live`,
    "1 if access requests are watched and have been listed.",
    ({ watch }) => Number(watch.isLive),
  ],
  [
    `${PREFIX}transport_paused`,
    "1 if sending is paused.",
    ({ isPaused }) => Number(isPaused),
  ],
  [
    `${PREFIX}transport_connections_limit`,
    "Maximum number of emails in flight: as configured, or lower while the mail service asks for it.",
    ({ pace }) => pace?.connections,
  ],
  [
    `${PREFIX}transport_messages_per_second_limit`,
    "Maximum number of emails per second; absent without a limit.",
    ({ pace }) => pace?.perSecond,
  ],
  [`${PREFIX}pending_emails`, "Pending emails.", ({ outbox }) => outbox.pending],
  [
    `${PREFIX}pending_emails_oldest_timestamp_seconds`,
    "When the oldest pending email was queued; absent if none is pending.",
    ({ outbox }) => seconds(outbox.oldestMs),
  ],
  [
    `${PREFIX}failed_emails`,
    "Emails that failed permanently, of requests that still exist.",
    ({ outbox }) => outbox.failed,
  ],
  [
    `${PREFIX}unwritable_requests`,
    "Requests that get no mail because the cluster refuses to change their plugin data.",
    ({ unwritable }) => unwritable.length,
  ],
  [
    `${PREFIX}queued_requests`,
    "Requests that wait or are being worked on.",
    ({ queue }) => queue,
  ],
  [
    `${PREFIX}certificate_remaining_seconds`,
    "Remaining lifetime of the credentials in use; negative after the expiry.",
    ({ credentials, nowMs }) => credentials && (credentials.notAfterMs - nowMs) / 1000,
  ],
  [
    `${PREFIX}certificate_lifetime_seconds`,
    "Total lifetime of the credentials in use.",
    ({ credentials }) => credentials && (credentials.notAfterMs - credentials.notBeforeMs) / 1000,
  ],
  [
    `${PREFIX}config_last_reload_successful`,
    "1 if the last reload of the configuration succeeded, or there was none.",
    ({ reload }) => Number(reload.isOk),
  ],
  [
    `${PREFIX}config_last_reload_success_timestamp_seconds`,
    "When the configuration in use was loaded.",
    ({ reload }) => seconds(reload.loadedMs),
  ],
  [
    "process_start_time_seconds",
    "When the process started.",
    ({ startedMs }) => seconds(startedMs),
  ],
  [
    "process_resident_memory_bytes",
    "Resident memory of the process.",
    () => Deno.memoryUsage().rss,
  ],
];

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
