import { isIP } from "node:net";

export type HostPortResult =
  | { readonly ok: true; readonly host: string; readonly port: number | undefined }
  | { readonly ok: false; readonly error: string };

/** Splits `host:port`, `host`, `[::1]:port` and `:port` (empty host); a host loses its brackets. */
export function parseHostPort(text: string): HostPortResult {
  const match = /^(?:\[([^\[\]]*)\]|([^:\[\]]*))(?::([^:]*))?$/s.exec(text);
  if (match === null) {
    return fail(
      text,
      isIP(text) === 6 ? `write an IPv6 address as [${text}]:port` : "must be host:port",
    );
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

/** Joins what `parseHostPort` splits. */
export function joinHostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function fail(text: string, why: string): HostPortResult {
  return { ok: false, error: `cannot use '${text}' as an address: ${why}` };
}
