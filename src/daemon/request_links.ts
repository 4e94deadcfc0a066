/** Links from mails to web pages of requests and access lists. */

import { accessListPage, requestPage, webOrigin } from "../teleport/request_link.ts";
import type { ServerInfo } from "../teleport/client.ts";
import { StartError } from "./start_error.ts";

/**
 * Returns the link to a request. Only clusters with advanced workflows have a page for each request
 * (teleport-protocol.md §6).
 *
 * @throws {StartError} when the proxy's public address cannot be used in links
 */
export function requestLinks(server: ServerInfo): (id: string) => string | undefined {
  return linksTo(requestPage, server);
}

/**
 * Gives the link of an access list; undefined where the cluster has no web pages for them.
 *
 * @throws {StartError} as {@linkcode requestLinks}
 */
export function accessListLinks(server: ServerInfo): (name: string) => string | undefined {
  return linksTo(accessListPage, server);
}

/** Reads the address once: each email has a link. */
function linksTo(
  page: (origin: string, id: string) => string,
  { advancedAccessWorkflows, proxyPublicAddr }: ServerInfo,
): (id: string) => string | undefined {
  if (!advancedAccessWorkflows) return () => undefined;
  const web = webOrigin(proxyPublicAddr);
  if (!web.ok) throw new StartError([web.error]);
  const { origin } = web;
  return (id) => origin && page(origin, id);
}
