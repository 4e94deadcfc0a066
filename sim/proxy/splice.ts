/** Connections that end in other connections. */

import net from "node:net";
import type { Duplex } from "node:stream";

/** Opens a TCP connection to `host:port`. */
export function dial(address: string): net.Socket {
  const colon = address.lastIndexOf(":");
  return net.connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) });
}

/** Joins two connections: whichever ends or breaks takes the other one with it. */
export function splice(one: Duplex, other: Duplex): void {
  forward(one, other);
  forward(other, one);
}

function forward(from: Duplex, to: Duplex): void {
  from.on("error", () => {});
  from.on("close", () => {
    // What came before a clean end still has to leave.
    if (from.readableEnded) to.end(() => to.destroy());
    else to.destroy();
  });
  // Small packets must not wait for each other's acknowledgement on the way through.
  if (from instanceof net.Socket) from.setNoDelay();
  from.pipe(to);
}
