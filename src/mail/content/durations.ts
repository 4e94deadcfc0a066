/** Times and durations as readers of a mail understand them: with their zone, and from now. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** From here on hours say nothing more. */
const DAYS_ALONE_MS = 14 * DAY_MS;

/** `45 minutes`, `1 day 6 hours`, `30 days`: at most two units, rounded to minutes. */
export function formatDuration(durationMs: number): string {
  const ms = Math.round(Math.abs(durationMs) / MINUTE_MS) * MINUTE_MS;
  if (ms < MINUTE_MS) return "less than a minute";
  const days = Math.floor(ms / DAY_MS);
  const hours = Math.floor(ms % DAY_MS / HOUR_MS);
  const minutes = Math.floor(ms % HOUR_MS / MINUTE_MS);
  if (ms >= DAYS_ALONE_MS) return count(days, "day");
  const parts = days > 0
    ? [[days, "day"], [hours, "hour"]] as const
    : [[hours, "hour"], [minutes, "minute"]] as const;
  return parts.filter(([n]) => n > 0).map(([n, unit]) => count(n, unit)).join(" ");
}

/** `in 3 hours`, `5 minutes ago`, `now`. */
export function formatRelative(timeMs: number, nowMs: number): string {
  const distanceMs = timeMs - nowMs;
  if (Math.abs(distanceMs) < MINUTE_MS / 2) return "now";
  const duration = formatDuration(distanceMs);
  return distanceMs > 0 ? `in ${duration}` : `${duration} ago`;
}

/**
 * `Wed, 4 Mar 2026, 14:05 UTC+1`; undefined for a time that no calendar reaches. The zone is written as
 * its offset: abbreviations such as CST stand for several zones.
 */
export function formatTime(timeMs: number, timeZone: string): string | undefined {
  // Emails of a burst tell the same few times, and Intl is slow.
  const minute = Math.floor(timeMs / MINUTE_MS);
  const key = `${minute} ${timeZone}`;
  const known = formatted.get(key);
  if (known !== undefined) return known;
  const text = formatMinute(minute * MINUTE_MS, timeZone);
  if (text === undefined) return undefined;
  if (formatted.size >= MAX_FORMATTED) formatted.clear();
  formatted.set(key, text);
  return text;
}

const formatted = new Map<string, string>();
const MAX_FORMATTED = 100;

function formatMinute(timeMs: number, timeZone: string): string | undefined {
  const time = new Date(timeMs);
  if (Number.isNaN(time.getTime())) return undefined;
  const parts = new Map(formatter(timeZone).formatToParts(time).map((p) => [p.type, p.value]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? "";
  const zone = part("timeZoneName").replace(/^GMT/, "UTC");
  return `${part("weekday")}, ${part("day")} ${part("month")} ${part("year")}, ` +
    `${part("hour")}:${part("minute")} ${zone}`;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** They are slow to make, and every mail has several times. */
function formatter(timeZone: string): Intl.DateTimeFormat {
  let made = formatters.get(timeZone);
  if (made === undefined) {
    made = new Intl.DateTimeFormat("en-US", {
      timeZone,
      weekday: "short",
      day: "numeric",
      month: "short",
      year: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
      timeZoneName: "shortOffset",
    });
    formatters.set(timeZone, made);
  }
  return made;
}

function count(n: number, unit: string): string {
  return `${n} ${unit}${n === 1 ? "" : "s"}`;
}
