/** The gauges of `/metrics`: how things are when it is read. docs/operate/metrics.md explains each. */

import { type Gauges, PREFIX } from "../ops/metrics.ts";
import type { Facts } from "./report.ts";

export const GAUGES: Gauges<Facts> = [
  [
    `${PREFIX}ready`,
    "Whether the job can be done, as /readyz says.",
    ({ notReady }) => Number(notReady.length === 0),
  ],
  [
    `${PREFIX}cluster_connected`,
    "Whether a connection to the cluster stands.",
    ({ connection }) => Number(connection !== undefined),
  ],
  [
    `${PREFIX}watch_live`,
    "Whether access requests are watched and have been listed.",
    ({ watch }) => Number(watch.isLive),
  ],
  [
    `${PREFIX}transport_paused`,
    "Whether no mail can be sent at the moment.",
    ({ isPaused }) => Number(isPaused),
  ],
  [
    `${PREFIX}transport_connections_limit`,
    "How many mails may be under way at once: as configured, or less while the mail service asks for less.",
    ({ pace }) => pace?.connections,
  ],
  [
    `${PREFIX}transport_messages_per_second_limit`,
    "How many mails may leave in a second; absent when there is no limit.",
    ({ pace }) => pace?.perSecond,
  ],
  [`${PREFIX}owed_mails`, "Mails that are owed.", ({ outbox }) => outbox.pending],
  [
    `${PREFIX}owed_mails_oldest_timestamp_seconds`,
    "Since when the mail that has waited longest is owed; absent when none is.",
    ({ outbox }) => seconds(outbox.oldestMs),
  ],
  [
    `${PREFIX}failed_mails`,
    "Mails that were given up, of requests that still exist.",
    ({ outbox }) => outbox.failed,
  ],
  [
    `${PREFIX}unwritable_requests`,
    "Requests that get no mail because the cluster refuses to change their plugin data.",
    ({ unwritable }) => unwritable.length,
  ],
  [
    `${PREFIX}queued_requests`,
    "Requests that wait for their turn or are worked on.",
    ({ queue }) => queue,
  ],
  [
    `${PREFIX}certificate_remaining_seconds`,
    "How long the credentials in use are still valid; negative when they have run out.",
    ({ credentials, nowMs }) => credentials && (credentials.notAfterMs - nowMs) / 1000,
  ],
  [
    `${PREFIX}certificate_lifetime_seconds`,
    "How long the credentials in use are valid from first to last.",
    ({ credentials }) => credentials && (credentials.notAfterMs - credentials.notBeforeMs) / 1000,
  ],
  [
    `${PREFIX}config_last_reload_successful`,
    "Whether the last reload of the configuration succeeded; 1 when there was none.",
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
