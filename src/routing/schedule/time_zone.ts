/** Time zones, with local clocks as Go's `time.Date` turns them into instants. */

import { isTimeZoneName } from "./time_zone_names.ts";

const MS_PER_SECOND = 1000;
const MS_PER_DAY = 86_400_000;

/** A day in a zone. */
export interface LocalDay {
  /** Midnight of the same date in UTC, in milliseconds since 1970. */
  readonly dateMs: number;
  /** From 0, Sunday. */
  readonly weekday: number;
}

/** Zones by name; there are some six hundred. */
const zones = new Map<string, TimeZone>();

export class TimeZone {
  readonly #format: Intl.DateTimeFormat | undefined;

  private constructor(timeZone: string | undefined, isUtc: boolean) {
    this.#format = isUtc ? undefined : new Intl.DateTimeFormat("en-US", {
      timeZone,
      timeZoneName: "longOffset",
    });
  }

  /** A zone by its exact name: empty is UTC, `Local` that of this machine. Otherwise what is wrong. */
  static find(name: string): TimeZone | { readonly error: string } {
    const known = zones.get(name);
    if (known !== undefined) return known;
    const isUtc = name === "" || name === "UTC";
    const isLocal = name === "Local";
    if (!isUtc && !isLocal && (name.includes("..") || /^[/\\]/.test(name))) {
      return { error: "time: invalid location name" };
    }
    if (!isUtc && !isLocal && !isTimeZoneName(name)) return { error: `unknown time zone ${name}` };
    const zone = new TimeZone(isLocal ? undefined : name, isUtc);
    zones.set(name, zone);
    return zone;
  }

  /** The day that an instant falls into. */
  dayAt(ms: number): LocalDay {
    const day = Math.floor((ms + this.#offsetMsAt(ms)) / MS_PER_DAY);
    // The first of January 1970 was a Thursday.
    return { dateMs: day * MS_PER_DAY, weekday: (((day + 4) % 7) + 7) % 7 };
  }

  /**
   * The instant of a local date and clock, given as if they were UTC. A clock that the day skips or has
   * twice is resolved as in Go: with the offset at the same clock in UTC, or, where the instant is outside
   * of that offset's period, with the offset there.
   */
  instantOf(localMs: number): number {
    return localMs - this.#offsetMsAt(localMs - this.#offsetMsAt(localMs));
  }

  #offsetMsAt(ms: number): number {
    if (this.#format === undefined) return 0;
    const name = this.#format.formatToParts(ms).find(({ type }) => type === "timeZoneName")?.value;
    const [, sign, hours, minutes, seconds = "0"] =
      /^GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(name ?? "") ?? [];
    if (sign === undefined) return 0;
    const offset = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
    return (sign === "-" ? -offset : offset) * MS_PER_SECOND;
  }
}
