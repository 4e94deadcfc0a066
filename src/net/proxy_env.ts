/**
 * Selects the HTTP proxy that the environment configures. The rules are those of Go's `httpproxy` as
 * Teleport uses it: the proxy for https before the one for http, upper-case names before lower-case ones.
 */

import { BlockList, isIP } from "node:net";
import { DialError } from "./dial_error.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface HttpProxy {
  /** Whether the connection to the proxy itself uses TLS. */
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** Value of `Proxy-Authorization`; a secret. */
  readonly authorization?: string;
}

/**
 * The proxy for a connection to `host:port`, undefined for none.
 *
 * @throws {DialError} `proxy` when the variable's value is invalid; the message does not quote it, because
 *   it may hold a password
 */
export function proxyForAddress(
  host: string,
  port: number,
  env: Environment,
): HttpProxy | undefined {
  const name = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"].find((key) => env[key]);
  if (name === undefined || isExempt(host, port, env)) return undefined;
  return parseProxy(name, env[name] ?? "");
}

function parseProxy(name: string, value: string): HttpProxy {
  const refuse = (why: string) => new DialError("proxy", `cannot use the proxy of ${name}: ${why}`);
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
  if (url === null || url.hostname === "") throw refuse("it is not a URL such as http://host:3128");
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw refuse(`its scheme is '${url.protocol.slice(0, -1)}', it must be http or https`);
  }
  const secure = url.protocol === "https:";
  const login = `${decode(url.username)}:${decode(url.password)}`;
  return {
    secure,
    host: unbracket(url.hostname),
    port: url.port === "" ? secure ? 443 : 80 : Number(url.port),
    ...login !== ":" &&
      { authorization: `Basic ${new TextEncoder().encode(login).toBase64()}` },
  };
}

/** A percent sign that does not begin an escape stays unchanged. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isExempt(rawHost: string, port: number, env: Environment): boolean {
  const host = rawHost.toLowerCase().replace(/\.$/, "");
  if (host === "localhost" || isLoopback(host)) return true;
  const list = env["NO_PROXY"] || env["no_proxy"] || "";
  return list.split(",").some((entry) => matches(entry.trim().toLowerCase(), host, port));
}

function matches(entry: string, host: string, port: number): boolean {
  if (entry === "") return false;
  if (entry === "*") return true;
  if (entry.includes("/")) return isIP(host) !== 0 && inNetwork(entry, host);
  const { name, port: entryPort } = splitPort(entry);
  if (entryPort !== undefined && entryPort !== port) return false;
  if (isIP(name) !== 0 || isIP(host) !== 0) return sameAddress(name, host);
  const domain = name.replace(/^\*/, "");
  // `.example.com` matches the hosts below it; `example.com` matches itself as well.
  return domain.startsWith(".") ? host.endsWith(domain) : host === domain ||
    host.endsWith(`.${domain}`);
}

function splitPort(entry: string): { readonly name: string; readonly port?: number } {
  if (isIP(entry) !== 0) return { name: entry };
  const [, name = entry, port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  return { name: unbracket(name), ...port !== undefined && { port: Number(port) } };
}

function inNetwork(entry: string, host: string): boolean {
  const [network = "", bits = ""] = entry.split("/");
  const family = isIP(network);
  const size = Number(bits);
  if (family === 0 || !/^\d+$/.test(bits) || size > (family === 4 ? 32 : 128)) return false;
  const block = new BlockList();
  block.addSubnet(network, size, family === 4 ? "ipv4" : "ipv6");
  return block.check(host, isIP(host) === 4 ? "ipv4" : "ipv6");
}

/** An IPv6 address has many spellings. */
function sameAddress(one: string, other: string): boolean {
  if (isIP(one) === 0 || isIP(other) === 0) return false;
  return inNetwork(`${one}/${isIP(one) === 4 ? 32 : 128}`, other);
}

function isLoopback(host: string): boolean {
  return isIP(host) !== 0 && (inNetwork("127.0.0.0/8", host) || inNetwork("::1/128", host));
}

function unbracket(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}
