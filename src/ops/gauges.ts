/** How things stand when metrics are read, and the gauges that tell it. */

export const PREFIX = "teleport_email_";

export interface Readings {
  readonly startedMs: number;
  readonly isReady: boolean;
  readonly isConnected: boolean;
  readonly isWatching: boolean;
  readonly isPaused: boolean;
  /** How many mails may be under way; undefined until the cluster has answered. */
  readonly connectionLimit: number | undefined;
  /** Messages per second; undefined when unlimited. */
  readonly rateLimit: number | undefined;
  readonly owed: number;
  /** Since when the mail that has waited longest is owed; undefined when none is. */
  readonly oldestOwedMs: number | undefined;
  readonly failed: number;
  readonly queue: number;
  /** Undefined until credentials have been read. */
  readonly certificate: { readonly leftMs: number; readonly lifetimeMs: number } | undefined;
  readonly isReloaded: boolean;
  readonly loadedMs: number;
}

/** A gauge's value; undefined when there is none. */
export type Reading = (now: Readings) => number | undefined;

/** Name, help, and value. */
export const GAUGES: readonly (readonly [string, string, Reading])[] = [
  [`${PREFIX}ready`, "Whether the job can be done, as /readyz says.", (now) => Number(now.isReady)],
  [
    `${PREFIX}cluster_connected`,
    "Whether a connection to the cluster stands.",
    (now) => Number(now.isConnected),
  ],
  [
    `${PREFIX}watch_live`,
    "Whether access requests are watched and have been listed.",
    (now) => Number(now.isWatching),
  ],
  [
    `${PREFIX}transport_paused`,
    "Whether no mail can be sent at the moment.",
    (now) => Number(now.isPaused),
  ],
  [
    `${PREFIX}transport_connections_limit`,
    "How many mails may be under way at once: as configured, or less while the mail service asks for less.",
    (now) => now.connectionLimit,
  ],
  [
    `${PREFIX}transport_messages_per_second_limit`,
    "How many mails may leave in a second; absent when there is no limit.",
    (now) => now.rateLimit,
  ],
  [`${PREFIX}owed_mails`, "Mails that are owed.", (now) => now.owed],
  [
    `${PREFIX}owed_mails_oldest_timestamp_seconds`,
    "Since when the mail that has waited longest is owed; absent when none is.",
    (now) => seconds(now.oldestOwedMs),
  ],
  [
    `${PREFIX}failed_mails`,
    "Mails that were given up, of requests that still exist.",
    (now) => now.failed,
  ],
  [
    `${PREFIX}queued_requests`,
    "Requests that wait for their turn or are worked on.",
    (now) => now.queue,
  ],
  [
    `${PREFIX}certificate_remaining_seconds`,
    "How long the credentials in use are still valid; negative when they have run out.",
    (now) => seconds(now.certificate?.leftMs),
  ],
  [
    `${PREFIX}certificate_lifetime_seconds`,
    "How long the credentials in use are valid from first to last.",
    (now) => seconds(now.certificate?.lifetimeMs),
  ],
  [
    `${PREFIX}config_last_reload_successful`,
    "Whether the last reload of the configuration succeeded; 1 when there was none.",
    (now) => Number(now.isReloaded),
  ],
  [
    `${PREFIX}config_last_reload_success_timestamp_seconds`,
    "When the configuration in use was loaded.",
    (now) => seconds(now.loadedMs),
  ],
  ["process_start_time_seconds", "When the process started.", (now) => seconds(now.startedMs)],
  [
    "process_resident_memory_bytes",
    "Resident memory of the process.",
    () => Deno.memoryUsage().rss,
  ],
];

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
