/** The limits of a mail service, compared with the configuration. */

import type { SmtpConfig } from "../../config/config.ts";
import { smtpService } from "../../config/sections/smtp_services.ts";
import type { Finding } from "./finding.ts";

/** Names each limit that the configuration exceeds; nothing for an unknown service. */
export function* checkLimits(config: SmtpConfig): Generator<Finding> {
  const service = config.service === undefined ? undefined : smtpService(config.service);
  if (service === undefined) return;
  const check = "mail.limits";
  const { title, maxConnections, messagesPerMinute, messagesPerConnection, messagesPerDay } =
    service;
  const perMinute = config.maxMessagesPerSecond === undefined
    ? Infinity
    : config.maxMessagesPerSecond * 60;
  const limits = [
    ["connections at once", maxConnections, config.maxConnections, "max_connections"],
    ["messages a minute", messagesPerMinute, perMinute, "max_messages_per_second"],
    [
      "messages per connection",
      messagesPerConnection,
      config.maxMessagesPerConnection,
      "max_messages_per_connection",
    ],
  ] as const;
  let isExceeded = false;
  for (const [what, limit, configured, key] of limits) {
    if (limit === undefined || configured === undefined || configured <= limit) continue;
    isExceeded = true;
    yield {
      check,
      level: "warning",
      text: `${title} takes ${limit} ${what}, smtp.${key} allows ${
        configured === Infinity ? "any number" : configured
      }`,
      remedy: `remove smtp.${key}, or lower it`,
    };
  }
  if (isExceeded) return;
  const known = [
    ...limits.flatMap(([what, limit]) => limit === undefined ? [] : [`${limit} ${what}`]),
    ...messagesPerDay === undefined ? [] : [`${messagesPerDay} messages a day`],
  ];
  const text = known.length === 0
    ? `${title} documents none that hold for every account`
    : `${title} takes ${known.join(", ")}`;
  yield { check, level: "ok", text };
}
