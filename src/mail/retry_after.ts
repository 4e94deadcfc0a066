/** The Retry-After header (RFC 9110 §10.2.3): seconds or an HTTP date. */

/** More is a mistake, or malice: it would silence the program for good. */
const MAX_MS = 3_600_000;

/** The pause in milliseconds, at most an hour; `undefined` if the header says nothing usable. */
export function retryAfterMs(value: string | null | undefined, nowMs: number): number | undefined {
  const text = value?.trim() ?? "";
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, MAX_MS);
  // Only real dates: `Date.parse` would take a lot else, such as `-5`, for one.
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : Math.min(Math.max(0, dateMs - nowMs), MAX_MS);
}
