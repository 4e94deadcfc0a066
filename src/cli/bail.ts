/** The end of a program that cannot go on (original.md §1.3). */

import type { Log } from "../log.ts";

/** Any fatal error that a restart may heal, as in the original. */
export const EXIT_FAILURE = 1;
/** EX_CONFIG of sysexits.h: the configuration has to be corrected first, so systemd does not restart. */
export const EXIT_CONFIGURATION = 78;

/** Logs each error on a line of its own, numbered when there are several, and returns `code`. */
export function exitWithErrors<T extends number>(log: Log, errors: readonly string[], code: T): T {
  errors.forEach((error, index) => {
    const number = errors.length > 1 ? { error_number: index + 1 } : {};
    log.error("Terminating with fatal error", { ...number, error });
  });
  return code;
}
