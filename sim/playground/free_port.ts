/** A free TCP port of 127.0.0.1, for a process that is told where to listen. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
