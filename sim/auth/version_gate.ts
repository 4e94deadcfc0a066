/** Which clients a server refuses because of their version (teleport-protocol.md §4.2). */

const SEMVER = /^(\d+)\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

/**
 * Whether the values of a call's "version" header let it in: no header and a newer client do, one
 * that is no version or more than one major behind does not.
 */
export function isVersionAccepted(headers: readonly string[], serverVersion: string): boolean {
  if (headers.length !== 1) return true;
  const client = SEMVER.exec(headers[0] ?? "")?.[1];
  const server = SEMVER.exec(serverVersion)?.[1];
  return client !== undefined && (server === undefined || Number(client) >= Number(server) - 1);
}
