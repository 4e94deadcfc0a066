/** The JSON of `GET /status`. Keys may be added, never renamed or removed. */

import * as v from "valibot";

/** RFC 3339, UTC. */
const Time = v.string();
const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Maximum number listed, enough for a diagnosis; `count` is the total. */
export const MAX_LISTED_MAILS = 500;

const mail = {
  "request_id": v.string(),
  recipient: v.string(),
  /** `new`, `review`, `resolution` or `reopened`, each also with `requester-` before it. */
  kind: v.string(),
  /** Which review the email is about, from 0; absent for other kinds. */
  review: v.optional(Count),
};

const PendingMailStatus = v.object({
  ...mail,
  since: Time,
  attempts: Count,
  /** The earliest time of the next attempt; absent if it may be sent now. */
  not_before: v.optional(Time),
  /** Why the last attempt failed; absent if there was none in this process. */
  error: v.optional(v.string()),
  /** The category of `error`, as in the metrics, and what to do about it. */
  category: v.optional(v.string()),
  remedy: v.optional(v.string()),
});

const FailedMailStatus = v.object({ ...mail, at: Time, error: v.string() });

export const StatusSchema = v.object({
  version: v.string(),
  started: Time,
  ready: v.boolean(),
  /** Why it is not ready; empty when it is. */
  reasons: v.array(v.string()),
  cluster: v.object({
    /** Whether there is a connection to the auth server. */
    connected: v.boolean(),
    /** Whether access requests are watched, and all have been listed. */
    watching: v.boolean(),
    /** When `watching` last changed. */
    watching_since: Time,
    /** The connection method: `direct`, `upgrade` or `ssh`; absent without a connection, as the next two. */
    via: v.optional(v.string()),
    connected_since: v.optional(Time),
    /** The Teleport user of the credentials in use. */
    user: v.optional(v.string()),
    /** Absent until the server has answered for the first time. */
    name: v.optional(v.string()),
    server_version: v.optional(v.string()),
    certificate: v.optional(v.object({
      not_after: Time,
      /** Negative after the expiry. */
      seconds_left: v.number(),
    })),
  }),
  mail: v.object({
    /** `smtp` or `mailgun`; absent until the configuration is in use. */
    transport: v.optional(v.string()),
    /** Whether sending is paused. */
    paused: v.boolean(),
    /** Whether the mail server has answered since the start or the last reload; what follows is unknown before. */
    tried: v.optional(v.boolean()),
    /** Why; also while the next attempt after a pause is under way. Absent when there is no outage. */
    reason: v.optional(v.string()),
    /** The category of `reason`, as in the metrics. */
    category: v.optional(v.string()),
    /** What to do about it. */
    remedy: v.optional(v.string()),
    /** Present while mails go slower than configured, because the mail service asks for it. */
    slowed: v.optional(v.object({
      connections: Count,
      messages_per_second: v.optional(v.number()),
    })),
    /** When an email was last accepted; absent if none was since the start. */
    last_sent: v.optional(Time),
  }),
  /** Requests that are queued or being reconciled. */
  queue: Count,
  /** Emails in the outbox. */
  pending: v.object({ count: Count, emails: v.array(PendingMailStatus) }),
  /** Emails that failed permanently, of requests that still exist. */
  failed: v.object({ count: Count, emails: v.array(FailedMailStatus) }),
  /** Requests that get no mail because the cluster refuses to change their plugin data. */
  unwritable: v.optional(v.object({
    count: Count,
    requests: v.array(v.object({
      request_id: v.string(),
      /** When the first write was refused. */
      since: Time,
      attempts: Count,
      error: v.string(),
    })),
  })),
  reload: v.object({
    /** Whether the last reload of the configuration succeeded; true when there was none. */
    ok: v.boolean(),
    /** When the configuration in use was loaded. */
    loaded: Time,
  }),
});

export type Status = v.InferOutput<typeof StatusSchema>;
export type PendingMailStatus = v.InferOutput<typeof PendingMailStatus>;
export type FailedMailStatus = v.InferOutput<typeof FailedMailStatus>;
