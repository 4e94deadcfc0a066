import { formatAddress, parseHostPort } from "../../net/address.ts";
import type { Report } from "../report.ts";

const DEFAULT_ADDR = "localhost:3025";
// What the original's proxy lookup, an HTTPS request, assumes.
const DEFAULT_PORT = 443;

/**
 * Finds the `host:port` to connect to. What people copy from a browser, `https://host`, and a
 * host without a port are taken with a warning: the original loads such files, and reaches a proxy
 * by the latter.
 */
export function readTeleportAddress(
  values: { readonly addr?: string | undefined; readonly auth_server?: string | undefined },
  report: Report,
): string | undefined {
  if (values.auth_server !== undefined) {
    report.warn(
      "Configuration setting `auth_server` is deprecated, consider to change it to `addr`",
    );
  }
  const key = values.addr === undefined && values.auth_server !== undefined
    ? "teleport.auth_server"
    : "teleport.addr";
  const given = values.addr ?? values.auth_server ?? DEFAULT_ADDR;
  const bare = given.replace(/^https?:\/\//i, "").replace(/\/$/, "");
  const result = parseHostPort(bare);
  if (!result.ok || result.host === "" || result.port === 0) {
    const why = result.ok ? `cannot use '${given}' as an address: must be host:port` : result.error;
    report.error(`Invalid ${key}: ${why}`);
    return undefined;
  }
  const addr = formatAddress({ host: result.host, port: result.port ?? DEFAULT_PORT });
  if (addr !== given) report.warn(`${key} is '${given}', '${addr}' is used: write host:port`);
  return addr;
}
