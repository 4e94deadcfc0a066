/** Starts HTTP servers of the simulator. */

/**
 * Serves on 127.0.0.1; port 0 is a free one.
 *
 * @throws {Error} when another process has the port
 */
export function serveLocally(
  port: number,
  handler: (request: Request) => Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, handler);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new Error(
      `Cannot listen on 127.0.0.1:${port}: another process does, choose another port`,
    );
  }
}

/** A free port of 127.0.0.1, for a process that takes its address from a file. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
