import { StartError } from "./start_error.ts";

const VARIABLE = "TELEPORT_PLUGIN_FAIL_FAST";
/** What Go's `strconv.ParseBool` takes. */
const VALUES: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((word) => [word, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((word) => [word, false] as const),
]);

/**
 * Whether the program is to end when it loses the cluster (original.md §4).
 *
 * @throws {StartError} in the original's words when the value is no boolean
 */
export function readFailFast(env: Readonly<Record<string, string | undefined>>): boolean {
  const value = env[VARIABLE];
  if (value === undefined || value === "") return false;
  const answer = VALUES.get(value);
  if (answer !== undefined) return answer;
  throw new StartError([
    `failed to parse content '${value}' of the ${VARIABLE} environment variable`,
  ]);
}
