/** Checks that a server is new enough for this program. */

import { ClusterError } from "./errors.ts";

/** The first version with today's plugin data; the original refuses older ones as well. */
export const MIN_SERVER_VERSION = "6.1.0-beta.1";

/**
 * Refuses a server older than {@linkcode MIN_SERVER_VERSION}, with the original's messages.
 *
 * @throws {ClusterError} of kind `unsupported`
 */
export function checkServerVersion(version: string): void {
  const parsed = parse(version);
  if (parsed === undefined) {
    throw new ClusterError(
      "unsupported",
      `unsupported version format, need semver format: '${version}', e.g 1.0.0`,
    );
  }
  const [major, minor, patch, prerelease] = parsed;
  // Of the pre-releases of 6.1.0 only alphas sort before beta.1 (semver.org, §11).
  const tooOld = major < 6 || (major === 6 && minor < 1) ||
    (major === 6 && minor === 1 && patch === 0 && /^alpha\b/.test(prerelease));
  if (tooOld) {
    throw new ClusterError(
      "unsupported",
      `incompatible versions: ${version} < ${MIN_SERVER_VERSION}`,
    );
  }
}

function parse(version: string): [number, number, number, string] | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/.exec(version);
  if (match === null) return undefined;
  const [, major, minor, patch, prerelease] = match;
  return [Number(major), Number(minor), Number(patch), prerelease ?? ""];
}
