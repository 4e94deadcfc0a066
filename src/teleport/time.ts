/** Times of Teleport's messages. */

import type { Timestamp } from "@bufbuild/protobuf/wkt";

/**
 * Milliseconds since 1970. "Unset" arrives absent, as Go's year 1 or as 1970: all three are undefined.
 */
export function timeMs(time: Timestamp | undefined): number | undefined {
  if (time === undefined || time.seconds <= 0n) return undefined;
  return Number(time.seconds) * 1000 + Math.floor(time.nanos / 1e6);
}
