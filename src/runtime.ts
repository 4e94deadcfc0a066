/** The process environment that all parts share, which tests replace. */

import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

/** Time, randomness and the log. */
export interface Runtime {
  readonly clock: Clock;
  /** A number from 0 up to, but not including, 1. */
  readonly random: () => number;
  readonly log: Log;
}
