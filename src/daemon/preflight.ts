/**
 * Errors beside those of a configuration: they would show only once the others are corrected, one after the
 * other. Nothing is connected to.
 */

import type { ConfigParts } from "../config/config.ts";
import { loadTemplates } from "../mail/content/templates.ts";
import { parseAddress } from "../net/address.ts";
import { boundedRead } from "../net/bounded_read.ts";
import { DialError } from "../net/dial_error.ts";
import { type Environment, proxyForAddress } from "../net/proxy_env.ts";
import { loadCredentials } from "../teleport/credentials.ts";
import { ClusterError } from "../teleport/errors.ts";
import { StartError } from "./start_error.ts";

/** The port of an auth server, for an address without one. */
export const DEFAULT_PORT = 3025;

/** Checks credentials, templates and proxy, as far as the sections that name them have no error. */
export async function furtherErrors(
  { teleport, templates }: ConfigParts,
  env: Environment,
  nowMs: number,
): Promise<readonly string[]> {
  const found = teleport === undefined ? [] : await Promise.all([
    errorsOf(() => readCredentials(teleport.credentials, nowMs)),
    errorsOf(() => refuseUselessProxy(teleport.addr, env)),
  ]);
  const loaded = templates === undefined ? undefined : await loadTemplates(templates.directory);
  return [...found.flat(), ...loaded === undefined || loaded.ok ? [] : loaded.errors];
}

async function readCredentials(
  source: NonNullable<ConfigParts["teleport"]>["credentials"],
  nowMs: number,
): Promise<void> {
  if (source.kind === "none") throw new StartError([source.error]);
  await boundedRead(
    () => loadCredentials(source, nowMs),
    (afterS) =>
      new ClusterError("credentials", `the credentials cannot be read: no end after ${afterS} s`),
  )();
}

/**
 * Refuses an HTTP proxy of the environment that no later attempt can use.
 *
 * @throws {StartError} when the variable's value is not the URL of an HTTP proxy
 */
export function refuseUselessProxy(addr: string, env: Environment): void {
  const address = parseAddress(addr, DEFAULT_PORT);
  if (address === undefined) return;
  try {
    proxyForAddress(address.host, address.port, env);
  } catch (error) {
    if (!(error instanceof DialError)) throw error;
    throw new StartError([
      `${error.message}; correct the variable, or exempt '${address.host}' in NO_PROXY`,
    ]);
  }
}

async function errorsOf(action: () => void | Promise<void>): Promise<readonly string[]> {
  try {
    await action();
    return [];
  } catch (error) {
    if (error instanceof StartError) return error.errors;
    if (error instanceof ClusterError) return [error.message];
    throw error;
  }
}
