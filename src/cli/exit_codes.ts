/** The exit codes of all commands; docs/commands.md has them as a table, which a test compares. */

/** Everything is well. */
export const EXIT_OK = 0;
/**
 * A problem was found. For `start`, a fatal error that may be gone after a restart, as in the original
 * (original.md §1.3).
 */
export const EXIT_FAILURE = 1;
/** A command of our own could not run: wrong arguments, or no usable configuration. */
export const EXIT_CANNOT_RUN = 2;
/** EX_CONFIG of sysexits.h: the configuration has to be corrected first, so systemd does not restart. */
export const EXIT_CONFIGURATION = 78;

/** The original exits with 1 for wrong arguments; Docker reserves the 2 of a health check. */
const FAILING_WITH_1: ReadonlySet<string> = new Set([
  "help",
  "configure",
  "version",
  "start",
  "health",
]);

/**
 * The exit code for wrong arguments of a command: 2 where 1 means that a problem was found, else 1.
 * `name` is undefined if there is no such command.
 */
export function usageExitCode(name: string | undefined): number {
  return name === undefined || FAILING_WITH_1.has(name) ? EXIT_FAILURE : EXIT_CANNOT_RUN;
}
