/** Addresses of the network. */

import { isIP } from "node:net";

/** Whether a host name or an IP address can only mean this machine (RFC 6761 §6.3, RFC 1122 §3.2.1.3). */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (isIP(bare) === 4) return bare.startsWith("127.");
  if (isIP(bare) === 6) return bare === "::1" || /^::ffff:127\./.test(bare);
  return /^(?:.+\.)?localhost\.?$/.test(bare);
}
