/** Links from mails to web pages of requests and access lists. */

import { accessListLink, requestLink } from "../teleport/request_link.ts";
import type { ServerInfo } from "../teleport/client.ts";
import { StartError } from "./start_error.ts";

/**
 * Returns the link to a request. Only clusters with advanced workflows have a page for each request
 * (teleport-protocol.md §6).
 *
 * @throws {StartError} when the proxy's public address cannot be used in links
 */
export function requestLinks(server: ServerInfo): (id: string) => string | undefined {
  if (!server.advancedAccessWorkflows) return () => undefined;
  const probe = requestLink(server.proxyPublicAddr, "id");
  if (!probe.ok) throw new StartError([probe.error]);
  return (id) => {
    const result = requestLink(server.proxyPublicAddr, id);
    return result.ok ? result.link : undefined;
  };
}

/** Gives the link of an access list; undefined where the cluster has no web pages for them. */
export function accessListLinks(server: ServerInfo): (name: string) => string | undefined {
  if (!server.advancedAccessWorkflows) return () => undefined;
  return (name) => {
    const result = accessListLink(server.proxyPublicAddr, name);
    return result.ok ? result.link : undefined;
  };
}
