/** Refuses clients by their version (teleport-protocol.md §4.2). */

const SEMVER = /^(\d+)\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

/**
 * Whether a call's "version" header is accepted: an absent header or a newer client is; an invalid
 * version, or one more than one major behind, is not.
 */
export function isVersionAccepted(headers: readonly string[], serverVersion: string): boolean {
  if (headers.length !== 1) return true;
  const client = SEMVER.exec(headers[0] ?? "")?.[1];
  const server = SEMVER.exec(serverVersion)?.[1];
  return client !== undefined && (server === undefined || Number(client) >= Number(server) - 1);
}
