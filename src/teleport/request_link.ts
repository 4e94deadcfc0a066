/** Links to pages of requests (original.md §6.3) and access lists in the web UI. */

/** A link, or why the proxy's address cannot be used for one. */
export type RequestLink =
  /** `link` is undefined if the cluster has no public proxy address. */
  | { readonly ok: true; readonly link: string | undefined }
  | { readonly ok: false; readonly error: string };

/**
 * Builds the link to a request under the proxy's public address. Call it once at startup with any id
 * to validate the address.
 */
export function requestLink(proxyPublicAddr: string, id: string): RequestLink {
  return pageLink(proxyPublicAddr, "requests", id);
}

/** Builds the link to an access list's page. */
export function accessListLink(proxyPublicAddr: string, name: string): RequestLink {
  return pageLink(proxyPublicAddr, "accesslists", name);
}

function pageLink(
  proxyPublicAddr: string,
  page: "requests" | "accesslists",
  id: string,
): RequestLink {
  if (proxyPublicAddr === "") return { ok: true, link: undefined };
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
  return {
    ok: true,
    link: `${scheme}://${shown}/web/${page}/${encodeURIComponent(id.toWellFormed())}`,
  };
}
