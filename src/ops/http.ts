/** The pages of `http.listen`. What they say is the business of others. */

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface HttpServer extends AsyncDisposable {
  readonly port: number;
}

export interface Page {
  /** Default 200. */
  readonly status?: number;
  /** Default plain text. */
  readonly contentType?: string;
  readonly body: string;
}

/** Pages by path; each is made when it is asked for. */
export type Pages = Readonly<Record<string, () => Page | Promise<Page>>>;

/**
 * Serves until disposed.
 *
 * @throws {Error} when the address cannot be listened on
 */
export function serveHttp({ host, port }: ListenAddress, pages: Pages): HttpServer {
  const known = new Map(Object.entries(pages));
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve(
      { hostname: host, port, onListen: () => {} },
      (request) => answer(request, known),
    );
  } catch (error) {
    throw new Error(`Cannot listen on http.listen '${host}:${port}': ${why(error)}`, {
      cause: error,
    });
  }
  return { port: server.addr.port, [Symbol.asyncDispose]: () => server.shutdown() };
}

function why(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return "the address is already in use: another program, or another copy of this one, has the port";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return "this machine has no such address: 127.0.0.1 is for itself alone, 0.0.0.0 for everybody";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return "ports below 1024 are not for ordinary users: choose a higher one";
  }
  const message = error instanceof Error ? error.message : String(error);
  return /lookup address/.test(message) ? "the host name cannot be resolved" : message;
}

async function answer(
  request: Request,
  pages: ReadonlyMap<string, Pages[string]>,
): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return response({ status: 405, body: "method not allowed\n" }, { allow: "GET, HEAD" });
  }
  const page = pages.get(new URL(request.url).pathname);
  return response(page === undefined ? { status: 404, body: "not found\n" } : await page());
}

function response(
  { status = 200, contentType = "text/plain; charset=utf-8", body }: Page,
  headers: Record<string, string> = {},
): Response {
  return new Response(body, {
    status,
    headers: { "content-type": contentType, "cache-control": "no-store", ...headers },
  });
}
