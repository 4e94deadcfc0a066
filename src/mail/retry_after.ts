/** The Retry-After header (RFC 9110 §10.2.3): seconds or an HTTP date. */

/** The pause in milliseconds, or `undefined` if the header says nothing usable. */
export function retryAfterMs(value: string | null | undefined, nowMs: number): number | undefined {
  const text = value?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // Only real dates: `Date.parse` would take a lot else, such as `-5`, for one.
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
