import { isIP } from "node:net";
import * as v from "valibot";
import { domainOf, isEmailAddress } from "../values/address.ts";
import { parseDomainPattern } from "../values/domain_pattern.ts";
import { isTimeZone } from "../values/time_zone.ts";
import type { DeliveryConfig, MailgunConfig, SmtpConfig } from "../config.ts";
import {
  duration,
  flag,
  intervalMs,
  listOf,
  minutesList,
  minutesMs,
  text,
  textList,
} from "../values/fields.ts";
import { formatGoDuration } from "../values/go_duration.ts";
import { type Mailbox, parseMailbox } from "../values/mailbox.ts";
import { defined } from "../../optional.ts";
import type { Context } from "../report.ts";
import { readSection } from "../section.ts";

/** Each reminder is an email to every reviewer: more are a nuisance, or a mistake. */
const MAX_REMINDERS = 10;
const DAY_MS = 24 * 60 * 60 * 1000;

const mailbox = v.pipe(
  text,
  v.rawTransform(({ dataset, addIssue, NEVER }): Mailbox | undefined => {
    if (dataset.value === undefined) return undefined;
    const parsed = parseMailbox(dataset.value);
    if (parsed !== undefined) return parsed;
    addIssue({
      message: "must be an address such as a@example.com or Name <a@example.com>, " +
        `current value is ${JSON.stringify(dataset.value)}`,
    });
    return NEVER;
  }),
);

const domainPattern = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }): string => {
    const pattern = parseDomainPattern(dataset.value);
    if (pattern !== undefined) return pattern;
    addIssue({
      message:
        "must list domains such as example.com, or *.example.com for the domains below it, " +
        `current value has ${JSON.stringify(dataset.value)}`,
    });
    return NEVER;
  }),
);

const timeZone = v.pipe(
  text,
  v.rawTransform(({ dataset, addIssue, NEVER }): string | undefined => {
    if (dataset.value === undefined || isTimeZone(dataset.value)) return dataset.value;
    addIssue({
      message: "must be the name of a time zone such as UTC or Europe/Berlin, " +
        `current value is ${JSON.stringify(dataset.value)}`,
    });
    return NEVER;
  }),
);

const NS_PER_S = 1_000_000_000n;

/** In milliseconds. The outbox takes a time that is more than two hours ahead for a clock's fault. */
const settleMs = v.pipe(
  duration,
  v.check(
    (ns) => ns === 0n || (ns >= NS_PER_S && ns <= 3600n * NS_PER_S),
    ({ input }) =>
      `must be 0s, or between 1s and 1h, current value is ${formatGoDuration(input)}` +
      (input > 0n && input < NS_PER_S ? " (a bare number counts nanoseconds: write a unit)" : ""),
  ),
  v.transform((ns) => Number(ns / 1_000_000n)),
);

const schema = v.partial(v.object({
  sender: mailbox,
  recipients: textList,
  allowed_domains: listOf(domainPattern),
  html: flag,
  details: flag,
  time_zone: timeZone,
  actions: flag,
  reply_to: mailbox,
  notify_requester: flag,
  requester_trait: text,
  include_requester: flag,
  settle_for: settleMs,
  remind_after: minutesList(MAX_REMINDERS),
  warn_before_access_ends: minutesMs,
  catch_up: intervalMs,
  retry_for: intervalMs,
}));

/** `[delivery]` before the transport is known, which an absent sender is guessed from. */
export interface Delivery {
  readonly recipients: readonly string[] | undefined;
  /** The list was reported as wrong: an empty list is not a second error. */
  readonly recipientsAreWrong: boolean;
  /** `mail` is undefined if its section has an error. */
  finish(mail: SmtpConfig | MailgunConfig | undefined): DeliveryConfig | undefined;
}

/** Reads `[delivery]`. */
export function readDelivery(table: unknown, { report }: Context): Delivery {
  const { values, isWrong } = readSection("delivery", table, schema, report);
  return {
    recipients: values.recipients,
    recipientsAreWrong: isWrong("recipients"),
    finish(mail) {
      const guess = mail === undefined ? undefined : guessSender(mail);
      const sender = values.sender ?? { address: guess ?? "teleport-email@localhost" };
      const domain = domainOf(sender.address);
      if (values.sender === undefined) {
        if (guess !== undefined) {
          report.warn(`delivery.sender is not set: emails are sent from ${guess}`);
        } else if (mail !== undefined) {
          report.error("provide delivery.sender: the address that emails are sent from");
        }
      } else if (mail?.kind === "smtp" && mail.helloName === undefined && !/[.[]/.test(domain)) {
        report.warn(
          `the EHLO name is '${domain}', the domain of delivery.sender: servers that want a fully ` +
            "qualified name refuse all emails; set smtp.hello_name",
        );
      }
      return {
        sender,
        ...(values.reply_to === undefined ? {} : { replyTo: values.reply_to }),
        ...(values.allowed_domains === undefined
          ? {}
          : { allowedDomains: [...new Set(values.allowed_domains)] }),
        html: values.html ?? true,
        details: values.details ?? false,
        timeZone: values.time_zone ?? "UTC",
        actions: values.actions ?? false,
        notifyRequester: values.notify_requester ?? false,
        includeRequester: values.include_requester ?? false,
        settleForMs: values.settle_for ?? 0,
        remindAfterMs: values.remind_after ?? [],
        ...defined({
          requesterTrait: values.requester_trait,
          warnBeforeAccessEndsMs: values.warn_before_access_ends,
        }),
        catchUpMs: values.catch_up ?? DAY_MS,
        retryForMs: values.retry_for ?? DAY_MS,
      };
    },
  };
}

/**
 * The original loads a file without a sender and then fails at every email (original.md D27). Undefined
 * where the configuration has no address or domain to make one of.
 */
function guessSender(mail: SmtpConfig | MailgunConfig): string | undefined {
  if (mail.kind === "mailgun") return `teleport-email@${mail.domain}`;
  const username = mail.auth?.username;
  if (username !== undefined && isEmailAddress(username)) return username;
  const host = mail.host.replace(/^.*?:\/\//, "").replace(/[:/].*$/, "");
  if (isIP(host) !== 0 || !host.includes(".")) return undefined;
  const address = `teleport-email@${host}`;
  return isEmailAddress(address) ? address : undefined;
}
