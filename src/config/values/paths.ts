import type { Context } from "../report.ts";

/** The path of a file, or why a text is not one. */
export type PathResult =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly error: string };

const CREDENTIALS_DIRECTORY = "${CREDENTIALS_DIRECTORY}";
/** Short for `${CREDENTIALS_DIRECTORY}/NAME`. */
const CREDENTIAL = "credential:";

/**
 * Inserts the directory in which systemd keeps the files of `LoadCredential=`: for
 * `${CREDENTIALS_DIRECTORY}` anywhere in a path, and for `credential:NAME`. No other variable is
 * expanded: the original reads none, and a `$` may be part of a name.
 */
export function expandPath(
  path: string,
  { credentialsDirectory }: Pick<Context, "credentialsDirectory">,
): PathResult {
  const isCredential = path.startsWith(CREDENTIAL);
  if (!isCredential && !path.includes(CREDENTIALS_DIRECTORY)) return { ok: true, path };
  const name = path.slice(CREDENTIAL.length);
  if (isCredential && !isCredentialName(name)) {
    return {
      ok: false,
      error:
        `'${path}' does not name a credential: write credential:NAME, as in LoadCredential=NAME:PATH`,
    };
  }
  if (credentialsDirectory === undefined || credentialsDirectory === "") {
    const what = isCredential ? `'${path}'` : `${CREDENTIALS_DIRECTORY} in '${path}'`;
    return {
      ok: false,
      error:
        `cannot expand ${what}: $CREDENTIALS_DIRECTORY is not set; it comes from LoadCredential= in a ` +
        "systemd unit, and can be set to the directory of the source on the command line",
    };
  }
  const expanded = isCredential
    ? `${credentialsDirectory}/${name}`
    : path.replaceAll(CREDENTIALS_DIRECTORY, () => credentialsDirectory);
  return { ok: true, path: expanded };
}

/** systemd takes what can be the name of a file (systemd.exec(5), "LoadCredential="). */
function isCredentialName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !name.includes("/");
}
