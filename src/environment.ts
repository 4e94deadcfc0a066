/** The environment variables that this program knows. No library sees any other. */

import process from "node:process";

/** `deno.json` grants these and no more; a test compares them. */
export const VARIABLES = [
  "CREDENTIALS_DIRECTORY",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "JOURNAL_STREAM",
  "NOTIFY_SOCKET",
  "NO_COLOR",
  "NO_PROXY",
  "TELEPORT_PLUGIN_FAIL_FAST",
  "TELEPORT_TLS_ROUTING_CONN_UPGRADE",
  "TELEPORT_TUNNEL_PUBLIC_ADDR",
  "WATCHDOG_PID",
  "WATCHDOG_USEC",
  "http_proxy",
  "https_proxy",
  "no_proxy",
] as const;

export function readEnvironment(): Record<string, string> {
  return Object.fromEntries(VARIABLES.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

/**
 * Libraries look for variables of their own when they are loaded, and `debug` lists them all. Where
 * only some variables may be read, that throws; so they get an environment that holds only those.
 */
export function narrowEnvironment(): void {
  process.env = readEnvironment();
}
