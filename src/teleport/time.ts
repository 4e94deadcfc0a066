/** Converts times of Teleport's messages. An unset time is absent, Go's year 1, or 1970. */

import type { Timestamp } from "@bufbuild/protobuf/wkt";

/** Milliseconds since 1970; undefined when unset. */
export function timeMs(time: Timestamp | undefined): number | undefined {
  if (time === undefined || time.seconds <= 0n) return undefined;
  return Number(time.seconds) * 1000 + Math.floor(time.nanos / 1e6);
}

/** Nanoseconds since 1970; undefined when unset. */
export function timeNs(time: Timestamp | undefined): bigint | undefined {
  if (time === undefined || time.seconds <= 0n) return undefined;
  return time.seconds * 1_000_000_000n + BigInt(time.nanos);
}
