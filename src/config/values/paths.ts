import type { Context } from "../report.ts";

export type PathResult =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly error: string };

const CREDENTIALS_DIRECTORY = "${CREDENTIALS_DIRECTORY}";

/**
 * Puts in the directory that systemd keeps `LoadCredential=` files in. No other variable is
 * expanded: the original reads none, and a `$` may be part of a name.
 */
export function expandPath(
  path: string,
  { credentialsDirectory }: Pick<Context, "credentialsDirectory">,
): PathResult {
  if (!path.includes(CREDENTIALS_DIRECTORY)) return { ok: true, path };
  if (credentialsDirectory === undefined || credentialsDirectory === "") {
    return {
      ok: false,
      error: `cannot expand ${CREDENTIALS_DIRECTORY} in '${path}': ` +
        "the variable is not set, it comes from LoadCredential= in a systemd unit",
    };
  }
  return { ok: true, path: path.replaceAll(CREDENTIALS_DIRECTORY, () => credentialsDirectory) };
}
