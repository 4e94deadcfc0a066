/** The name and version of this program. */

export const PROGRAM = "teleport-email";

/** The same as in `deno.json`; a test compares them. */
export const VERSION = "0.1.0";

/** The date of that version, for the manual page. */
export const RELEASE_DATE = "2026-11-26";

/** The commit that a development build was made of; empty in releases. */
export const GIT_REF = "";

/** `teleport-email v1.2.3 git:<ref> deno2.9.3`, without the `git:` part when there is no ref. */
export function versionLine(version = VERSION, gitRef = GIT_REF): string {
  const ref = gitRef === "" ? "" : ` git:${gitRef}`;
  return `${PROGRAM} v${version}${ref} deno${Deno.version.deno}`;
}

/** What the names of the metrics begin with. */
export const METRIC_PREFIX = "teleport_email_";
