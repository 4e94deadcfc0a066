/** Parses the Retry-After header (RFC 9110 §10.2.3): seconds or an HTTP date. */

/** The upper limit: a longer pause is an error or an attack and would stop delivery. */
const MAX_MS = 3_600_000;

/** The pause in milliseconds, at most an hour; undefined if the header is absent or invalid. */
export function retryAfterMs(value: string | null | undefined, nowMs: number): number | undefined {
  const text = value?.trim() ?? "";
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, MAX_MS);
  // Only HTTP dates: `Date.parse` accepts many other texts, such as `-5`.
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : Math.min(Math.max(0, dateMs - nowMs), MAX_MS);
}
