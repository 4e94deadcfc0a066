/**
 * What the program remembers of a request, in Teleport's plugin data: the original's seven keys
 * (original.md §5.7) and nine of ours (docs/internals/delivery.md). `decode` never fails: a record edited
 * by hand is read as far as possible, with a list of what could not be understood.
 */

import { defined } from "../../optional.ts";
import type { FollowUps } from "../../routing/follow_ups.ts";
import { singleLine } from "../../text.ts";
import { readFollowUps, writeFollowUps } from "./follow_ups.ts";
import { fitToSizeLimit } from "./size_limit.ts";
import { type OwedMail, readFailed, readOwed, writeFailed, writeOwed } from "./outbox.ts";
import type { FailedMail } from "./outbox.ts";
import { decodeThreads, encodeThreads, type Thread } from "./thread.ts";

/** The stored entry: key to value, as Teleport keeps it. An absent key and "" are the same. */
export type RawRecord = Readonly<Record<string, string>>;

/**
 * How a request ended.
 * - `EXPIRED`: it vanished undecided
 * - `UNKNOWN`: the record says something that this program never writes
 */
export type Resolution = "APPROVED" | "DENIED" | "EXPIRED" | "PROMOTED" | "UNKNOWN";

/** The lease of the replica that sends. */
export interface Owner {
  readonly instance: string;
  readonly untilMs: number;
}

export interface PluginRecord {
  readonly user: string;
  readonly roles: readonly string[];
  readonly requestReason: string;
  /** Whether its mails say "Resource Request": the subject is the same in all mails of a thread. */
  readonly isResourceRequest: boolean;
  /** The number of reviews that were mailed or are owed. */
  readonly reviewsCount: number;
  readonly resolution: Resolution | "";
  readonly resolveReason: string;
  /** How often the request was found open after it had been closed as EXPIRED. */
  readonly reopened: number;
  /** The last step of `delivery.remind_after` that was planned, in seconds after the creation; 0 = none. */
  readonly reminded: number;
  /** The end of access that the requester was warned of, or need not be, in milliseconds since 1970. */
  readonly warnedMs?: number;
  /** When Teleport deletes the request, milliseconds since 1970; absent while that is not known. */
  readonly expiresMs?: number;
  readonly threads: readonly Thread[];
  /** Items of `email_threads` that are no thread; kept as they are. */
  readonly foreignThreads: readonly string[];
  /** Recipients of later emails; absent = the recipients of the first. */
  readonly followUps?: FollowUps;
  readonly owed: readonly OwedMail[];
  readonly owner?: Owner;
  readonly failed: readonly FailedMail[];
}

/** Every key that we write. Each goes into every compare-and-set, "" where absent. */
export const RECORD_KEYS = [
  "user",
  "roles",
  "request_reason",
  "request_type",
  "reviews_count",
  "resolution",
  "resolve_reason",
  "reopened",
  "reminded",
  "warned",
  "expires",
  "email_threads",
  "follow_ups",
  "owed",
  "owner",
  "failed",
] as const;

/** The value of `request_type` for a request that names resources; absent for roles alone. */
const RESOURCE = "resource";

const RESOLUTIONS: ReadonlySet<string> = new Set([
  "APPROVED",
  "DENIED",
  "EXPIRED",
  "PROMOTED",
  "UNKNOWN",
]);

interface DecodedRecord {
  readonly record: PluginRecord | undefined;
  readonly problems: readonly string[];
}

/** A listing's records are looked at several times. */
const decodedRecords = new WeakMap<RawRecord, DecodedRecord>();

/** Reads an entry; the record is undefined when the entry holds nothing under our keys. */
export function decodeRecord(raw: RawRecord): DecodedRecord {
  let decoded = decodedRecords.get(raw);
  if (decoded === undefined) decodedRecords.set(raw, decoded = decode(raw));
  return decoded;
}

function decode(raw: RawRecord): DecodedRecord {
  const get = (key: string) => raw[key] ?? "";
  const legacy = get("email") !== "" && get("timestamp") !== "";
  if (RECORD_KEYS.every((key) => get(key) === "") && !legacy) {
    return { record: undefined, problems: [] };
  }
  const problems: string[] = [];
  const { threads, foreign } = decodeThreads(get("email_threads"));
  const owner = readOwner(get("owner"), problems);
  const record: PluginRecord = {
    user: get("user"),
    roles: get("roles") === "" ? [] : get("roles").split(","),
    requestReason: get("request_reason"),
    isResourceRequest: get("request_type") === RESOURCE,
    reviewsCount: readCount("reviews_count", get("reviews_count"), problems),
    resolution: readResolution(get("resolution"), problems),
    resolveReason: get("resolve_reason"),
    reopened: readCount("reopened", get("reopened"), problems),
    reminded: readCount("reminded", get("reminded"), problems),
    ...defined({
      warnedMs: readTime("warned", get("warned"), problems),
      expiresMs: readTime("expires", get("expires"), problems),
    }),
    // Releases before email_threads kept one thread without an id in two keys.
    threads: legacy
      ? [...threads, { recipient: get("email"), time: get("timestamp"), messageId: "", stored: "" }]
      : threads,
    foreignThreads: foreign,
    ...defined({ followUps: readFollowUps(get("follow_ups"), problems) }),
    owed: readOwed(get("owed"), problems),
    ...defined({ owner }),
    failed: readFailed(get("failed"), problems),
  };
  return { record, problems: bounded(problems) };
}

/** Each problem is a line of the log; a record of a million bytes may hold a hundred thousand. */
const MAX_PROBLEMS = 10;

function bounded(problems: readonly string[]): readonly string[] {
  const lines = problems.slice(0, MAX_PROBLEMS).map((problem) => singleLine(problem));
  const more = problems.length - lines.length;
  return more === 0 ? lines : [...lines, `${more} more problems of the same record`];
}

/** Writes a record; every key of {@linkcode RECORD_KEYS} is there, "" where it is to be absent. */
export function encodeRecord(record: PluginRecord): Record<string, string> {
  const [user, roles, requestReason, resolveReason] = fitToSizeLimit([
    record.user,
    record.roles.join(","),
    record.requestReason,
    record.resolveReason,
  ]);
  return {
    user,
    roles,
    request_reason: requestReason,
    request_type: record.isResourceRequest ? RESOURCE : "",
    reviews_count: writeCount(record.reviewsCount),
    resolution: record.resolution,
    resolve_reason: resolveReason,
    reopened: writeCount(record.reopened),
    reminded: writeCount(record.reminded),
    warned: writeTime(record.warnedMs),
    expires: writeTime(record.expiresMs),
    // A legacy thread lives in keys of its own, which are never written.
    email_threads: encodeThreads(
      record.threads.filter((thread) => thread.stored !== ""),
      record.foreignThreads,
    ),
    follow_ups: writeFollowUps(record.followUps),
    owed: writeOwed(record.owed),
    owner: record.owner === undefined ? "" : writeOwner(record.owner),
    failed: writeFailed(record.failed),
  };
}

/** What a compare-and-set must find so that nothing has changed since `raw` was read. */
export function expectation(raw: RawRecord): Record<string, string> {
  return Object.fromEntries(RECORD_KEYS.map((key) => [key, raw[key] ?? ""]));
}

/** The keys whose value differs, with the new value: what a write has to set. */
export function changes(raw: RawRecord, next: RawRecord): Record<string, string> {
  return Object.fromEntries(
    RECORD_KEYS.filter((key) => (raw[key] ?? "") !== (next[key] ?? ""))
      .map((key) => [key, next[key] ?? ""]),
  );
}

function readCount(key: string, text: string, problems: string[]): number {
  if (text === "") return 0;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  problems.push(`${key} '${text}' is not a number`);
  return 0;
}

function writeCount(count: number): string {
  return count === 0 ? "" : String(count);
}

/** A time that a calendar does not reach is left out: servers may send any number of seconds. */
function writeTime(timeMs: number | undefined): string {
  const time = new Date(timeMs ?? NaN);
  return Number.isNaN(time.getTime()) ? "" : time.toISOString();
}

function readTime(key: string, text: string, problems: string[]): number | undefined {
  if (text === "") return undefined;
  const timeMs = Date.parse(text);
  if (Number.isFinite(timeMs)) return timeMs;
  problems.push(`${key} '${text}' is not an RFC 3339 time`);
  return undefined;
}

function readResolution(text: string, problems: string[]): Resolution | "" {
  if (text === "" || RESOLUTIONS.has(text)) return text as Resolution | "";
  problems.push(`resolution '${text}' is unknown`);
  // The request has been closed: another closing mail would be a second one.
  return "UNKNOWN";
}

function readOwner(text: string, problems: string[]): Owner | undefined {
  if (text === "") return undefined;
  const owner = parseOwner(text);
  if (owner === undefined) problems.push(`owner '${text}' is not '<instance> <RFC 3339 time>'`);
  return owner;
}

/** Reads `<instance> <RFC 3339 time>`; undefined for any other text. */
export function parseOwner(text: string): Owner | undefined {
  const [instance, until, ...rest] = text.split(" ");
  const untilMs = Date.parse(until ?? "");
  return instance && rest.length === 0 && Number.isFinite(untilMs)
    ? { instance, untilMs }
    : undefined;
}

/** The inverse of {@linkcode parseOwner}. */
export function writeOwner(owner: Owner): string {
  return `${owner.instance} ${new Date(owner.untilMs).toISOString()}`;
}
