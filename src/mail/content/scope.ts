// deno-lint-ignore-file camelcase -- names of template variables
/** The variables that templates see. */

import {
  DETAIL_LIMITS,
  type DetailLimits,
  type DetailsScope,
  detailsScope,
  type TimeContext,
  when,
} from "./details.ts";
import { formatDuration, formatTime } from "./durations.ts";
import type { MailData } from "./mail_data.ts";
import { displayAuthor, displayName, displayNames, displayText } from "./sanitize.ts";

const STATUS_EMOJI = {
  PENDING: "\u23F3",
  APPROVED: "\u2705",
  DENIED: "\u274C",
  EXPIRED: "\u231B",
  PROMOTED: "\u2705",
} as const;

/** Reviews have an emoji only for these two (original.md §6.4). */
const REVIEW_EMOJI: Readonly<Record<string, string>> = {
  APPROVED: STATUS_EMOJI.APPROVED,
  DENIED: STATUS_EMOJI.DENIED,
};

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/**
 * Values of one mail. Every name is always there, so that a misspelt one is an error; what is not
 * given is null, so that `{% if reason %}` reads as expected (in Liquid an empty string is true).
 */
export interface TemplateScope {
  /** `reviewer`, `requester` or `owner` (of access lists). */
  readonly audience: string;
  /** `Role Request` or `Resource Request`. */
  readonly request_type: string;
  readonly id: string;
  readonly cluster: string;
  readonly user: string | null;
  readonly roles: readonly string[] | null;
  readonly reason: string | null;
  readonly link: string | null;
  readonly status: {
    readonly state: string;
    readonly emoji: string;
    readonly reason: string | null;
  };
  /** What is requested and for how long, in a few words. */
  readonly summary: string;
  /** One line that lists of mails show beside the subject. */
  readonly preheader: string;
  /** A sentence that takes back an earlier mail; null in all others. */
  readonly correction: string | null;
  /** As `delivery.details`: whether the built-in text has the details. */
  readonly show_details: boolean;
  readonly details: DetailsScope;
  readonly review: {
    readonly author: string;
    readonly created: string | null;
    readonly at: string | null;
    readonly state: string;
    readonly emoji: string;
    readonly reason: string | null;
    readonly submitted_by: string | null;
    readonly access_starts: string | null;
    readonly access_list: string | null;
  };
  /** Access lists that are due for review; null in emails about requests. */
  readonly access_lists: readonly AccessListScope[] | null;
  /** How many of them are not listed. */
  readonly more_access_lists: number | null;
  /** A schema.org description for `<script type="application/ld+json">`; null without one. */
  readonly action: string | null;
}

/** An access list as templates see it. */
export interface AccessListScope {
  readonly title: string;
  readonly name: string;
  readonly description: string | null;
  /** `1 member` */
  readonly members: string | null;
  readonly due: string | null;
  readonly is_overdue: boolean;
  readonly link: string | null;
}

/** How a mail looks, as the configuration has it. */
export interface MailLook {
  readonly html: boolean;
  /** Whether the text part has the details, too. */
  readonly details: boolean;
  /** Whether the HTML part has a schema.org action. */
  readonly actions: boolean;
  /** A name of the IANA time zone data. */
  readonly timeZone: string;
}

export const DEFAULT_LOOK: MailLook = {
  html: true,
  details: false,
  actions: false,
  timeZone: "UTC",
};

/** Turns facts into template variables; what users wrote is made fit to be shown. */
export function templateScope(
  data: MailData,
  look: MailLook = DEFAULT_LOOK,
  limits: DetailLimits = DETAIL_LIMITS,
): TemplateScope {
  const { review, status } = data;
  const context = { nowMs: data.nowMs, timeZone: look.timeZone };
  const text = (value: string | undefined) => displayText(value ?? "", limits) || null;
  const name = (value: string | undefined) => displayName(value ?? "", limits);
  const details = detailsScope(data.details, context, limits);
  const summary = summaryOf(data, details, context, limits);
  const reviewList = review?.accessList;
  return {
    audience: data.audience,
    request_type: data.requestType === "resource" ? "Resource Request" : "Role Request",
    id: name(data.id),
    cluster: name(data.cluster),
    user: name(data.user) || null,
    roles: data.roles === undefined ? null : displayNames(data.roles, limits),
    reason: text(data.reason),
    link: data.link ?? null,
    status: {
      state: status.state,
      emoji: STATUS_EMOJI[status.state],
      reason: text(status.reason),
    },
    summary,
    preheader: preheaderOf(data, summary, limits),
    correction: data.isCorrection
      ? "An earlier email said that this request had expired. It had not."
      : null,
    show_details: look.details,
    details,
    review: {
      author: displayAuthor(review?.author ?? "", limits),
      created: review?.createdMs === undefined ? null : goRfc822(review.createdMs),
      at: when(review?.createdMs, context),
      state: name(review?.state),
      emoji: REVIEW_EMOJI[review?.state ?? ""] ?? "",
      reason: text(review?.reason),
      submitted_by: name(review?.submittedBy) || null,
      access_starts: when(review?.accessStartsMs, context),
      access_list: reviewList === undefined
        ? null
        : name(reviewList.title || reviewList.name) || null,
    },
    ...accessListsOf(data, context, limits),
    action: look.actions && data.link !== undefined ? actionOf(data, summary) : null,
  };
}

function accessListsOf(
  { accessLists = [] }: MailData,
  context: TimeContext,
  limits: DetailLimits,
): Pick<TemplateScope, "access_lists" | "more_access_lists"> {
  const shown = accessLists.slice(0, limits.resources).map((list): AccessListScope => ({
    title: displayName(list.title || list.name, limits),
    name: displayName(list.name, limits),
    description: displayName(list.description, limits) || null,
    members: list.memberCount === 0
      ? null
      : `${list.memberCount} ${list.memberCount === 1 ? "member" : "members"}`,
    due: when(list.dueMs, context),
    is_overdue: list.dueMs < context.nowMs,
    link: list.link ?? null,
  }));
  const more = accessLists.length - shown.length;
  return {
    access_lists: shown.length === 0 ? null : shown,
    more_access_lists: more > 0 ? more : null,
  };
}

/** `Server web-1, Database orders and 1 more for 8 hours`, `the roles dev and dba until …`. */
function summaryOf(
  { roles = [], details }: MailData,
  { resources, more_resources: moreResources, is_long_term: isLongTerm }: DetailsScope,
  { timeZone }: TimeContext,
  limits: DetailLimits,
): string {
  const few = { ...limits, name: Math.min(limits.name, 60), names: 2 };
  const named = (resources ?? []).map(({ kind, name }) => `${kind} ${displayName(name, few)}`);
  const what = named.length > 0
    ? listed(named, (moreResources ?? 0) + named.length)
    : roles.length > 0
    ? `the ${roles.length === 1 ? "role" : "roles"} ${
      listed(roles.map((role) => displayName(role, few)), roles.length)
    }`
    : "access";
  if (isLongTerm) return `${what} for the long term`;
  const { maxDurationEndMs, requestedMs, accessEndsMs } = details ?? {};
  if (maxDurationEndMs !== undefined && requestedMs !== undefined) {
    return `${what} for ${formatDuration(maxDurationEndMs - requestedMs)}`;
  }
  const end = accessEndsMs === undefined ? undefined : formatTime(accessEndsMs, timeZone);
  return end === undefined ? what : `${what} until ${end}`;
}

/** The first two, and the number of the others. */
function listed(names: readonly string[], count: number): string {
  if (count <= 2) return names.join(" and ");
  return `${names.slice(0, 2).join(", ")} and ${count - 2} more`;
}

function preheaderOf(data: MailData, summary: string, limits: DetailLimits): string {
  const { kind, audience, review, status } = data;
  const because = (reason: string) => {
    const line = displayName(reason.replace(/\s+/g, " ").trim(), { ...limits, name: 120 });
    return line === "" ? "" : `: ${line}`;
  };
  if (kind === "review") {
    return `${displayName(review?.state ?? "", limits)}${
      because(review?.reason ?? "")
    } – ${summary}`;
  }
  if (kind === "resolution") return `${status.state}${because(status.reason)} – ${summary}`;
  if (kind === "access-list-review") {
    const titles = (data.accessLists ?? []).map(({ title, name }) =>
      displayName(title || name, { ...limits, name: Math.min(limits.name, 60) })
    );
    return listed(titles, titles.length);
  }
  if (kind === "access-ending") return `Access ends soon – ${summary}`;
  const who = audience === "requester"
    ? "You request"
    : `${displayName(data.user, limits) || "A user"} requests`;
  const remind = kind === "reminder" ? "Reminder: " : "";
  return `${remind}${who} ${summary}${because(data.reason)}`;
}

/** Google's markup for a link in the list of mails. `<` is escaped: it might end the script. */
function actionOf({ link, status }: MailData, summary: string): string {
  const name = status.state === "PENDING" ? "Review request" : "Open request";
  const markup = {
    "@context": "http://schema.org",
    "@type": "EmailMessage",
    potentialAction: { "@type": "ViewAction", target: link, url: link, name },
    description: summary,
  };
  return JSON.stringify(markup).replaceAll("<", "\\u003c");
}

/** Go's `time.RFC822` in UTC: `02 Jan 06 15:04 MST`; null for what is no time. */
export function goRfc822(timeMs: number): string | null {
  const time = new Date(timeMs);
  if (Number.isNaN(time.getTime())) return null;
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${two(time.getUTCDate())} ${MONTHS[time.getUTCMonth()]}`;
  const year = two(Math.abs(time.getUTCFullYear()) % 100);
  return `${day} ${year} ${two(time.getUTCHours())}:${two(time.getUTCMinutes())} UTC`;
}
