/** `HH:MM` as Go's `time.Parse` reads it: the hour may have one digit. */

import { toByteString, toText } from "../condition/byte_string.ts";
import { quote } from "../condition/library/rfc3339.ts";

/** Minutes since midnight, or what is wrong in Go's words. */
export type Clock = { readonly minutes: number } | { readonly error: string };

/** Reads a clock between 0:00 and 23:59. */
export function parseClock(text: string): Clock {
  const bytes = toByteString(text);
  const [, hour = "", colon = "", minute = "", rest = ""] = /^(\d{0,2})(:?)((?<=:)\d\d|)([^]*)$/
    .exec(bytes)!;
  const fail = (what: string) => ({ error: toText(`parsing time ${quote(bytes)}${what}`) });
  const unreadable = (part: string, as: string) =>
    fail(` as "15:04": cannot parse ${quote(part)} as "${as}"`);
  if (hour === "") return unreadable(bytes, "15");
  if (Number(hour) > 23) return fail(": hour out of range");
  if (colon === "") return unreadable(rest, ":");
  if (minute === "") return unreadable(rest, "04");
  if (Number(minute) > 59) return fail(": minute out of range");
  if (rest !== "") return fail(`: extra text: ${quote(rest)}`);
  return { minutes: Number(hour) * 60 + Number(minute) };
}
