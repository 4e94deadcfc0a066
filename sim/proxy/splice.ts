/** Joins connections. */

import net from "node:net";
import type { Duplex } from "node:stream";

/** Opens a TCP connection to `host:port`. */
export function dial(address: string): net.Socket {
  const colon = address.lastIndexOf(":");
  return net.connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) });
}

/** Joins two connections: when one ends or breaks, so does the other. */
export function splice(one: Duplex, other: Duplex): void {
  forward(one, other);
  forward(other, one);
}

function forward(from: Duplex, to: Duplex): void {
  from.on("error", () => {});
  from.on("close", () => {
    // Bytes before a clean end must still be sent.
    if (from.readableEnded) to.end(() => to.destroy());
    else to.destroy();
  });
  // Forwarded small packets must not wait for acknowledgements.
  if (from instanceof net.Socket) from.setNoDelay();
  from.pipe(to);
}
