/** The end of a program that cannot go on (original.md §1.3). */

import type { Log } from "../log.ts";

/** Logs each error on a line of its own, numbered when there are several, and gives exit code 1. */
export function exitWithErrors(log: Log, errors: readonly string[]): 1 {
  errors.forEach((error, index) => {
    const number = errors.length > 1 ? { error_number: index + 1 } : {};
    log.error("Terminating with fatal error", { ...number, error });
  });
  return 1;
}
