/**
 * Plugin data as the original reads and writes it (original.md §5.7): what it makes of a record of
 * ours. It compares all seven keys, as it would write them, with what is stored: a record that it
 * does not write back exactly as it was is one that it can never change again.
 */

import type { RawRecord } from "../record/record.ts";

export interface OriginalThread {
  readonly email: string;
  readonly timestamp: string;
  readonly messageId: string;
}

export interface OriginalRecord {
  readonly user: string;
  readonly roles: readonly string[];
  readonly requestReason: string;
  readonly reviewsCount: number;
  readonly resolution: string;
  readonly resolveReason: string;
  readonly threads: readonly OriginalThread[];
}

export function decodeAsOriginal(raw: RawRecord): OriginalRecord {
  const get = (key: string) => raw[key] ?? "";
  const list = (key: string) => get(key) === "" ? [] : get(key).split(",");
  const threads = list("email_threads").flatMap((item) => {
    const [email, timestamp, messageId, ...rest] = item.split("/");
    const isThread = email !== undefined && timestamp !== undefined && messageId !== undefined;
    return isThread && rest.length === 0 ? [{ email, timestamp, messageId }] : [];
  });
  const [email, timestamp] = [get("email"), get("timestamp")];
  const legacy = email === "" || timestamp === "" ? [] : [{ email, timestamp, messageId: "" }];
  return {
    user: get("user"),
    roles: list("roles"),
    requestReason: get("request_reason"),
    reviewsCount: /^\d+$/.test(get("reviews_count")) ? Number(get("reviews_count")) : 0,
    resolution: get("resolution"),
    resolveReason: get("resolve_reason"),
    threads: [...threads, ...legacy],
  };
}

/** The seven keys; what the original expects to find, and what it sets. */
export function encodeAsOriginal(record: OriginalRecord): Record<string, string> {
  return {
    user: record.user,
    roles: record.roles.join(","),
    request_reason: record.requestReason,
    reviews_count: record.reviewsCount === 0 ? "" : String(record.reviewsCount),
    resolution: record.resolution,
    resolve_reason: record.resolveReason,
    email_threads: record.threads
      .map(({ email, timestamp, messageId }) => `${email}/${timestamp}/${messageId}`)
      .join(","),
  };
}

/** Whether the original can go on with the record. */
export function originalCanWrite(raw: RawRecord): boolean {
  return Object.entries(encodeAsOriginal(decodeAsOriginal(raw)))
    .every(([key, value]) => (raw[key] ?? "") === value);
}
