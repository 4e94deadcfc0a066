/**
 * Keeps pages of other sites out: any site that the user visits can make the browser send requests to
 * 127.0.0.1, under a host name of its own, too (DNS rebinding).
 */

/** The header that carries the page's token. */
export const TOKEN_HEADER = "x-playground-token";

const OWN_NAMES = ["127.0.0.1", "localhost", "[::1]"];

/** Why a request to the page is refused; undefined when it is the page's own, or opens the page. */
export function pageRefusal(request: Request, token: string): string | undefined {
  const host = hostRefusal(request);
  if (host !== undefined) return host;
  const { headers, method } = request;
  if (method === "GET" || method === "HEAD") {
    const opensPage = headers.get("sec-fetch-mode") === "navigate";
    return isForeign(headers.get("sec-fetch-site")) && !opensPage
      ? "request of another page"
      : undefined;
  }
  const own = `http://${headers.get("host")}`;
  const origin = headers.get("origin");
  if (origin !== own) return `origin is '${origin ?? ""}', want '${own}'`;
  return headers.get(TOKEN_HEADER) === token
    ? undefined
    : "token is missing or wrong: reload the page";
}

/** Why a request to the control API is refused, which serves commands such as curl and no pages. */
export function controlRefusal(request: Request): string | undefined {
  const { headers } = request;
  const isOfPage = headers.has("origin") || isForeign(headers.get("sec-fetch-site"));
  return hostRefusal(request) ?? (isOfPage ? "request of a web page" : undefined);
}

function hostRefusal({ headers }: Request): string | undefined {
  const host = headers.get("host") ?? "";
  const name = host.replace(/:\d+$/, "").toLowerCase();
  return OWN_NAMES.includes(name)
    ? undefined
    : `host is '${host}', want one of ${OWN_NAMES.join(", ")}`;
}

/** Browsers say where a request comes from; `none` is the address bar. Other programs say nothing. */
function isForeign(site: string | null): boolean {
  return site === "cross-site" || site === "same-site";
}
