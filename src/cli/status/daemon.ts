/** Asks the running daemon how it is doing. */

import * as v from "valibot";
import type { Config } from "../../config/config.ts";
import { orAborted, startDeadline } from "../../net/deadline.ts";
import { fetchFault } from "../../net/network_fault.ts";
import { type Status, StatusSchema } from "../../ops/status.ts";

export type DaemonAnswer =
  | { readonly kind: "status"; readonly status: Status }
  /** `http.listen` is not set. */
  | { readonly kind: "unknown" }
  | { readonly kind: "silent"; readonly error: string };

const TIMEOUT_MS = 5_000;
/** A daemon that listens on all addresses is asked on this machine's own. */
const LOOPBACK: ReadonlyMap<string, string> = new Map([["0.0.0.0", "127.0.0.1"], ["::", "::1"]]);

export async function askDaemon({ listen }: Config["http"]): Promise<DaemonAnswer> {
  if (listen === undefined) return { kind: "unknown" };
  const host = LOOPBACK.get(listen.host) ?? listen.host;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${listen.port}/status`;
  const silent = (why: string): DaemonAnswer => ({
    kind: "silent",
    error: `Cannot ask the daemon at '${url}': ${why}`,
  });
  using deadline = startDeadline(TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal: deadline.signal });
    const body = await orAborted(response.text(), deadline.signal);
    if (!response.ok) return silent(`HTTP ${response.status}`);
    const parsed = v.safeParse(StatusSchema, JSON.parse(body));
    if (parsed.success) return { kind: "status", status: parsed.output };
    return silent("another program answers there, or another version of this one");
  } catch (error) {
    if (error instanceof SyntaxError) return silent("another program answers there");
    return silent(deadline.expired ? "no answer in time" : fetchFault(error));
  }
}
