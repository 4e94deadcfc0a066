/** The environment variables that this program uses. Libraries see no others. */

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
 * Libraries read variables of their own when they are loaded, and `debug` lists all of them. With
 * permission for some variables only, that throws; so libraries get an environment of these alone.
 */
export function narrowEnvironment(): void {
  process.env = readEnvironment();
}
