/** Questions to the running daemon at `http.listen`. */

import { get } from "node:http";
import type { Config } from "../../config/config.ts";
import { startDeadline } from "../../net/deadline.ts";
import { networkFault } from "../../net/network_fault.ts";

export type Answer =
  | { readonly kind: "answer"; readonly status: number; readonly body: string }
  | { readonly kind: "silent"; readonly why: string };

const TIMEOUT_MS = 5_000;
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
  const asked = LOOPBACK.get(host) ?? host;
  return `http://${asked.includes(":") ? `[${asked}]` : asked}:${port}${path}`;
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
    response.on("data", (text: string) => body += text);
    response.on("error", fail);
    response.on(
      "end",
      () => resolve({ kind: "answer", status: response.statusCode ?? 0, body }),
    );
  });
  request.on("error", fail);
  return await promise;
}
