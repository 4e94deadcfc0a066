/** Host and port addresses: parsing, printing, and whether one is this machine's own. */

import { isIP } from "node:net";

/** A host name or IP address, without brackets, and a port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Parses `host`, `host:port`, `[v6]:port` or a bare IPv6 address, with or without a scheme before it;
 * undefined when the text is not an address.
 */
export function parseAddress(text: string, defaultPort: number): Address | undefined {
  const bare = text.trim().replace(/^[a-z]+:\/\//i, "").replace(/\/.*$/, "");
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(bare) ??
    [];
  const host = bracketed ?? plain ?? (/^[0-9a-f:.]+$/i.test(bare) ? bare : "");
  const number = port === undefined ? defaultPort : Number(port);
  return host === "" || number < 1 || number > 65_535 ? undefined : { host, port: number };
}

/** What {@linkcode parseHostPort} finds. */
export type HostPortResult =
  | { readonly ok: true; readonly host: string; readonly port: number | undefined }
  | { readonly ok: false; readonly error: string };

/** Splits `host:port`, `host`, `[::1]:port` and `:port` (empty host); a host loses its brackets. */
export function parseHostPort(text: string): HostPortResult {
  const match = /^(?:\[([^\[\]]*)\]|([^:\[\]]*))(?::([^:]*))?$/s.exec(text);
  if (match === null) {
    return fail(text, withoutBrackets(text) ?? "must be host:port");
  }
  const [, literal, name, digits] = match;
  if (literal !== undefined && isIP(literal) !== 6) {
    return fail(text, `'${literal}' is not an IPv6 address`);
  }
  const host = literal ?? name ?? "";
  if (/[^\p{L}\p{N}._%:-]/u.test(host)) return fail(text, `'${host}' is not a host name`);
  if (digits === undefined) return { ok: true, host, port: undefined };
  const port = /^[0-9]{1,5}$/.test(digits) ? Number(digits) : NaN;
  if (!(port <= 65535)) {
    return fail(text, `the port must be between 1 and 65535, current value is '${digits}'`);
  }
  return { ok: true, host, port };
}

/** How to write an IPv6 address that lacks its brackets. */
function withoutBrackets(text: string): string | undefined {
  const [, host = "", port] = /^(.*):([0-9]{1,5})$/.exec(text) ?? [];
  if (isIP(host) === 6) return `write an IPv6 address as [${host}]:${port}`;
  return isIP(text) === 6 ? `write an IPv6 address as [${text}]:port` : undefined;
}

function fail(text: string, why: string): HostPortResult {
  return { ok: false, error: `cannot use '${text}' as an address: ${why}` };
}

/** Whether a host name or an IP address can only mean this machine (RFC 6761 §6.3, RFC 1122 §3.2.1.3). */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (isIP(bare) === 4) return bare.startsWith("127.");
  if (isIP(bare) === 6) return bare === "::1" || /^::ffff:127\./.test(bare);
  return /^(?:.+\.)?localhost\.?$/.test(bare);
}
