/** What every part of the program takes from the process it runs in, so that tests can replace it. */

import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

/** Time, randomness and the log. */
export interface Runtime {
  readonly clock: Clock;
  /** A number from 0 up to, but not including, 1. */
  readonly random: () => number;
  readonly log: Log;
}
