/**
 * What the program remembers of a request, in Teleport's plugin data: the original's seven keys
 * (original.md §5.7) and nine of ours (docs/internals/delivery.md). `decode` never fails: a record edited
 * by hand is read as far as possible, with a list of what could not be understood.
 */

import { defined } from "../../optional.ts";
import type { FollowUps } from "../../routing/follow_ups.ts";
import { exactTime, singleLine } from "../../text.ts";
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

/** The value of every key that we write, "" where it is absent. */
export type RecordValues = Readonly<Record<typeof RECORD_KEYS[number], string>>;

/** A record and its encoding. */
export interface EncodedRecord {
  readonly record: PluginRecord;
  readonly values: RecordValues;
}

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
    roles: readRoles(get("roles")),
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

/**
 * Writes a record; every key of {@linkcode RECORD_KEYS} is there, "" where it is to be absent. Each write
 * of a record changes a few of its parts: the others' values are those of `known`, an earlier encoding.
 */
export function encodeRecord(record: PluginRecord, known?: EncodedRecord): RecordValues {
  const old = known?.record;
  const values = known?.values;
  const texts = values !== undefined && hasSameTexts(record, old) ? values : writeTexts(record);
  return {
    user: texts.user,
    roles: texts.roles,
    request_reason: texts.request_reason,
    resolve_reason: texts.resolve_reason,
    request_type: record.isResourceRequest ? RESOURCE : "",
    reviews_count: writeCount(record.reviewsCount),
    resolution: record.resolution,
    reopened: writeCount(record.reopened),
    reminded: writeCount(record.reminded),
    warned: writeTime(record.warnedMs),
    expires: values !== undefined && record.expiresMs === old?.expiresMs
      ? values.expires
      : writeTime(record.expiresMs),
    email_threads: values !== undefined && hasSameThreads(record, old)
      ? values.email_threads
      : writeThreads(record),
    follow_ups: writeFollowUps(record.followUps),
    owed: values !== undefined && record.owed === old?.owed ? values.owed : writeOwed(record.owed),
    owner: record.owner === undefined ? "" : writeOwner(record.owner),
    failed: writeFailed(record.failed),
  };
}

function hasSameTexts(record: PluginRecord, old: PluginRecord | undefined): boolean {
  return record.roles === old?.roles && record.user === old.user &&
    record.requestReason === old.requestReason && record.resolveReason === old.resolveReason;
}

function writeTexts(
  record: PluginRecord,
): Pick<RecordValues, "user" | "roles" | "request_reason" | "resolve_reason"> {
  const [user, roles, requestReason, resolveReason] = fitToSizeLimit([
    record.user,
    record.roles.join(","),
    record.requestReason,
    record.resolveReason,
  ]);
  return { user, roles, request_reason: requestReason, resolve_reason: resolveReason };
}

function hasSameThreads(record: PluginRecord, old: PluginRecord | undefined): boolean {
  return record.threads === old?.threads && record.foreignThreads === old.foreignThreads;
}

/** A legacy thread lives in keys of its own, which are never written. */
function writeThreads({ threads, foreignThreads }: PluginRecord): string {
  return encodeThreads(threads.filter((thread) => thread.stored !== ""), foreignThreads);
}

/**
 * What reading `values`, the encoding of `record`, gives, without reading all of it: only texts and times
 * may change on the way, and a record without any value is none.
 */
export function storedForm({ record, values }: EncodedRecord): PluginRecord | undefined {
  const isEmpty = RECORD_KEYS.every((key) => values[key] === "");
  if (isEmpty && record.threads.length === 0) return undefined;
  const { warnedMs, expiresMs, ...rest } = record;
  return {
    ...rest,
    user: values.user,
    roles: readRoles(values.roles),
    requestReason: values.request_reason,
    resolveReason: values.resolve_reason,
    ...defined({
      warnedMs: values.warned === "" ? undefined : warnedMs,
      expiresMs: values.expires === "" ? undefined : expiresMs,
    }),
  };
}

/** What a compare-and-set must find so that nothing has changed since `raw` was read. */
export function expectation(raw: RawRecord): RecordValues {
  return Object.fromEntries(RECORD_KEYS.map((key) => [key, raw[key] ?? ""])) as RecordValues;
}

/** The keys whose value differs, with the new value: what a write has to set. */
export function changes(values: RecordValues, next: RecordValues): Record<string, string> {
  const changed: Record<string, string> = {};
  for (const key of RECORD_KEYS) if (values[key] !== next[key]) changed[key] = next[key];
  return changed;
}

function readRoles(text: string): readonly string[] {
  return text === "" ? [] : text.split(",");
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
  if (timeMs === undefined) return "";
  const time = new Date(timeMs);
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
  return `${owner.instance} ${exactTime(owner.untilMs)}`;
}
