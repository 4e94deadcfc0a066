/** A limit on the work of one evaluation that does not depend on the machine. */

import { ConditionError } from "./error.ts";

/**
 * Some ten milliseconds of work, and far more than any condition needs. A text that grows with every
 * nested `replaceall`, or a regular expression of many repeats, meets it.
 */
const MAX_STEPS = 1_000_000;

/** Counts the steps of one evaluation; a step takes some ten nanoseconds. */
export class Budget {
  #left = MAX_STEPS;

  /** Steps taken so far. */
  get spent(): number {
    return MAX_STEPS - this.#left;
  }

  /** @throws {ConditionError} `limit` when more steps were taken than one evaluation may. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) {
      const reason = `the condition takes more than ${MAX_STEPS} steps`;
      throw new ConditionError("evaluate", "limit", reason);
    }
  }
}
