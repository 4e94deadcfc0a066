/** Health over HTTP: `/healthz` says that the process turns, `/readyz` whether it can do its job. */

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface HttpServer extends AsyncDisposable {
  readonly port: number;
}

/**
 * Serves until disposed. `notReady` gives the reasons why the job cannot be done now; none means ready.
 *
 * @throws {Error} when the address cannot be listened on
 */
export function serveHttp(
  { host, port }: ListenAddress,
  notReady: () => readonly string[],
): HttpServer {
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve(
      { hostname: host, port, onListen: () => {} },
      (request) => answer(request, notReady),
    );
  } catch (error) {
    const cause = error instanceof Deno.errors.AddrInUse
      ? "the address is already in use"
      : error instanceof Error
      ? error.message
      : String(error);
    throw new Error(`Cannot listen on http.listen '${host}:${port}': ${cause}`, { cause: error });
  }
  return { port: server.addr.port, [Symbol.asyncDispose]: () => server.shutdown() };
}

function answer(request: Request, notReady: () => readonly string[]): Response {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return text(405, "method not allowed", { allow: "GET, HEAD" });
  }
  switch (new URL(request.url).pathname) {
    case "/healthz":
      return text(200, "ok");
    case "/readyz": {
      const reasons = notReady();
      return reasons.length === 0 ? text(200, "ok") : text(503, reasons.join("\n"));
    }
    default:
      return text(404, "not found");
  }
}

function text(status: number, body: string, headers: Record<string, string> = {}): Response {
  return new Response(`${body}\n`, {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      ...headers,
    },
  });
}
