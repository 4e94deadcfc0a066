/** Requests to the running daemon at `http.listen`, for `status`, `health` and `check`. */

import type { Config } from "../config/config.ts";
import { formatAddress } from "../net/address.ts";
import { startDeadline } from "../net/deadline.ts";
import { networkFault } from "../net/network_fault.ts";
import { type Status, StatusSchema } from "../ops/status.ts";
import { get } from "node:http";
import * as v from "valibot";

/** An answer of whatever listens there, or why there is none. */
export type Answer =
  | { readonly kind: "answer"; readonly status: number; readonly body: string }
  | { readonly kind: "silent"; readonly why: string };

const TIMEOUT_MS = 5_000;
/** Far more than `/status` with all the emails that it lists. */
const MAX_BODY_CHARACTERS = 4_000_000;
/** A daemon that listens on all addresses is asked on this machine's own. */
const LOOPBACK: ReadonlyMap<string, string> = new Map([
  ["", "127.0.0.1"],
  ["0.0.0.0", "127.0.0.1"],
  ["::", "::1"],
]);

/** The URL of `path` at the daemon. */
export function daemonUrl(
  { host, port }: NonNullable<Config["http"]["listen"]>,
  path: string,
): string {
  return `http://${formatAddress({ host: LOOPBACK.get(host) ?? host, port })}${path}`;
}

/** Asks by GET. Not by `fetch`, which sends even this machine's own addresses through `HTTP_PROXY`. */
export async function ask(url: string): Promise<Answer> {
  using deadline = startDeadline(TIMEOUT_MS);
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const fail = (error: unknown) =>
    resolve({ kind: "silent", why: deadline.expired ? "no answer in time" : networkFault(error) });
  const request = get(url, { signal: deadline.signal, agent: false }, (response) => {
    let body = "";
    response.setEncoding("utf8");
    response.on("data", (text: string) => {
      body += text;
      if (body.length > MAX_BODY_CHARACTERS) request.destroy(new Error("the answer is too long"));
    });
    response.on("error", fail);
    response.on(
      "end",
      () => resolve({ kind: "answer", status: response.statusCode ?? 0, body }),
    );
  });
  request.on("error", fail);
  return await promise;
}

/** What the daemon says of itself, or why that is unknown. */
export type DaemonAnswer =
  | { readonly kind: "status"; readonly status: Status }
  /** `http.listen` is not set. */
  | { readonly kind: "unknown" }
  | { readonly kind: "silent"; readonly error: string };

/** Reads `/status` of the daemon. */
export async function askDaemon({ listen }: Config["http"]): Promise<DaemonAnswer> {
  if (listen === undefined) return { kind: "unknown" };
  const url = daemonUrl(listen, "/status");
  const silent = (why: string): DaemonAnswer => ({
    kind: "silent",
    error: `Cannot ask the daemon at '${url}': ${why}`,
  });
  const answer = await ask(url);
  if (answer.kind === "silent") return silent(answer.why);
  if (answer.status !== 200) return silent(`HTTP ${answer.status}`);
  try {
    const parsed = v.safeParse(StatusSchema, JSON.parse(answer.body));
    if (parsed.success) return { kind: "status", status: parsed.output };
    return silent("another program answers there, or another version of this one");
  } catch {
    return silent("another program answers there");
  }
}
