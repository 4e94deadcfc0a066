/** Links to pages of requests (original.md §6.3) and access lists in the web UI. */

/** A link, or why the proxy's address cannot be used for one. */
export type RequestLink =
  /** `link` is undefined if the cluster has no public proxy address. */
  | { readonly ok: true; readonly link: string | undefined }
  | { readonly ok: false; readonly error: string };

/** The origin of the web UI, or why the proxy's address cannot be used for one. */
export type WebOrigin =
  /** `origin` is undefined if the cluster has no public proxy address. */
  | { readonly ok: true; readonly origin: string | undefined }
  | { readonly ok: false; readonly error: string };

/**
 * Builds the link to a request under the proxy's public address. Call it once at startup with any id
 * to validate the address.
 */
export function requestLink(proxyPublicAddr: string, id: string): RequestLink {
  const web = webOrigin(proxyPublicAddr);
  return web.ok ? { ok: true, link: web.origin && requestPage(web.origin, id) } : web;
}

/** The page of a request in the web UI. */
export function requestPage(origin: string, id: string): string {
  return `${origin}/web/requests/${encodeURIComponent(id.toWellFormed())}`;
}

/** The page of an access list in the web UI. */
export function accessListPage(origin: string, name: string): string {
  return `${origin}/web/accesslists/${encodeURIComponent(name.toWellFormed())}`;
}

/** The origin of the web UI at the proxy's public address. */
export function webOrigin(proxyPublicAddr: string): WebOrigin {
  if (proxyPublicAddr === "") return { ok: true, origin: undefined };
  const address = /^https?:\/\//.test(proxyPublicAddr)
    ? proxyPublicAddr
    : `https://${proxyPublicAddr}`;
  let parsed: URL;
  try {
    parsed = new URL(address);
  } catch {
    return { ok: false, error: `Cannot parse proxy public address '${proxyPublicAddr}'` };
  }
  if (parsed.username !== "" || parsed.password !== "") {
    return { ok: false, error: "Cannot use a proxy public address with a user name or password" };
  }
  // The host as written: `URL` drops :80 and changes letter case, the original does not.
  const [, scheme, host = ""] = /^(https?):\/\/([^/?#\\]*)/.exec(address) ?? [];
  const shown = scheme === "https" ? host.replace(/:443$/, "") : host;
  return { ok: true, origin: `${scheme}://${shown}` };
}
