/** The schedules of an access monitoring rule: when it counts. */

import { quote, toByteString, toText } from "../condition/byte_string.ts";
import { type Clock, parseClock } from "./clock.ts";
import { type LocalDay, TimeZone } from "./time_zone.ts";

/** A period of one day of the week. */
export interface Shift {
  readonly weekday: string;
  /** `HH:MM`. */
  readonly start: string;
  readonly end: string;
}

/** Shifts in one time zone, as Teleport's rules have them. Without `time`, or without shifts, never. */
export interface Schedule {
  readonly time?: {
    /** A name of the IANA database; "" is UTC. */
    readonly timezone: string;
    readonly shifts: readonly Shift[];
  };
}

/** Whether an instant is inside any schedule, and if so in which; an error only where none is. */
export type ScheduleVerdict =
  | { readonly isInside: true; readonly schedule?: string }
  | { readonly isInside: false; readonly error?: string };

export interface ScheduleOptions {
  /**
   * Reads schedules as the original does. Otherwise weekdays are read as the server reads them, in any
   * case and as three letters; the end of a day may be written `24:00`; and `23:59` includes its minute.
   */
  readonly isStrict: boolean;
}

/** A schedule without a time. */
const NEVER = { timezone: "", shifts: [] };
/** From 0, Sunday. */
export const WEEKDAYS: readonly string[] = [
  "Sunday",
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
];
const NS_PER_MS = 1_000_000n;
const MS_PER_MINUTE = 60_000;
const MINUTES_PER_DAY = 24 * 60;

/** Without any schedule there is no restriction. `ns` is an instant in nanoseconds since 1970. */
export function matchSchedules(
  schedules: ReadonlyMap<string, Schedule>,
  ns: bigint,
  options: ScheduleOptions,
): ScheduleVerdict {
  if (schedules.size === 0) return { isInside: true };
  const errors: string[] = [];
  for (const [name, schedule] of schedules) {
    const found = isInside(schedule, ns, options);
    if (found === true) return { isInside: true, schedule: name };
    if (found !== false) errors.push(found.error);
  }
  return { isInside: false, ...(errors[0] === undefined ? {} : { error: errors[0] }) };
}

function isInside(
  { time: { timezone, shifts } = NEVER }: Schedule,
  ns: bigint,
  options: ScheduleOptions,
): boolean | { readonly error: string } {
  if (shifts.length === 0) return false;
  const zone = TimeZone.find(timezone);
  if ("error" in zone) return zone;
  const day = zone.dayAt(Number((ns - nsWithinMs(ns)) / NS_PER_MS));
  for (const shift of shifts) {
    if (!isOn(day, shift, options)) continue;
    const start = parseClock(shift.start);
    if ("error" in start) return invalid("start", shift.start, start.error);
    const end = parseEnd(shift.end, options);
    if ("error" in end) return invalid("end", shift.end, end.error);
    const instant = ({ minutes }: { readonly minutes: number }) =>
      BigInt(zone.instantOf(day.dateMs + minutes * MS_PER_MINUTE)) * NS_PER_MS;
    if (instant(start) <= ns && ns <= instant(end)) return true;
  }
  return false;
}

function invalid(which: string, clock: string, reason: string): { readonly error: string } {
  return { error: `invalid ${which} time: ${toText(quote(toByteString(clock)))}: ${reason}` };
}

/** What is left of a millisecond; before 1970, too, counted forwards. */
function nsWithinMs(ns: bigint): bigint {
  return ((ns % NS_PER_MS) + NS_PER_MS) % NS_PER_MS;
}

function isOn({ weekday }: LocalDay, shift: Shift, { isStrict }: ScheduleOptions): boolean {
  const name = WEEKDAYS[weekday]!;
  if (isStrict) return shift.weekday === name;
  const given = shift.weekday.toLowerCase();
  return given === name.toLowerCase() || given === name.slice(0, 3).toLowerCase();
}

/** The end of the day is midnight, which is another day: up to its last instant everything is inside. */
function parseEnd(text: string, { isStrict }: ScheduleOptions): Clock {
  if (!isStrict && (text === "24:00" || text === "23:59")) return { minutes: MINUTES_PER_DAY };
  return parseClock(text);
}
