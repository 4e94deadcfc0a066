/** Requests to the running daemon at `http.listen`, for `status`, `health` and `check`. */

import type { Config } from "../config/config.ts";
import { formatAddress } from "../net/address.ts";
import { startDeadline } from "../net/deadline.ts";
import { networkFault } from "../net/network_fault.ts";
import { type Status, StatusSchema } from "../ops/status.ts";
import { request } from "node:http";
import * as v from "valibot";
import { truncate } from "../text.ts";
import { PROGRAM } from "../version.ts";

/** An answer of whatever listens there, or why there is none. */
export type Answer =
  | {
    readonly kind: "answer";
    readonly status: number;
    readonly body: string;
    /** Whether the server calls itself by this program's name. */
    readonly isDaemon: boolean;
  }
  | { readonly kind: "silent"; readonly why: string };

/** Where a daemon listens. */
export type DaemonAddress = NonNullable<Config["http"]["listen"]>;

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
export function daemonUrl({ host, port }: DaemonAddress, path: string): string {
  return `http://${formatAddress({ host: LOOPBACK.get(host) ?? host, port })}${path}`;
}

/** Never rejects. Not by `fetch`, which sends even this machine's own addresses through `HTTP_PROXY`. */
export async function ask(url: string, method: "GET" | "POST" = "GET"): Promise<Answer> {
  using deadline = startDeadline(TIMEOUT_MS);
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const fail = (error: unknown) =>
    resolve({ kind: "silent", why: deadline.expired ? "no answer in time" : networkFault(error) });
  const options = { method, signal: deadline.signal, agent: false };
  const asked = request(url, options, (response) => {
    let body = "";
    response.setEncoding("utf8");
    response.on("data", (text: string) => {
      body += text;
      if (body.length > MAX_BODY_CHARACTERS) asked.destroy(new Error("the answer is too long"));
    });
    response.on("error", fail);
    response.on(
      "end",
      () =>
        resolve({
          kind: "answer",
          status: response.statusCode ?? 0,
          body,
          isDaemon: response.headers.server === PROGRAM,
        }),
    );
  });
  asked.on("error", fail);
  asked.end();
  return await promise;
}

/** The answer comes from something else. */
export const NOT_THE_DAEMON = "another program answers there";
/** As much of an error's text as is shown. */
const MAX_SHOWN = 200;

/** What the daemon says of itself, or why that is unknown. */
export type DaemonAnswer =
  | { readonly kind: "status"; readonly status: Status }
  /** `http.listen` is not set. */
  | { readonly kind: "unknown" }
  | { readonly kind: "silent"; readonly error: string };

/** Reads `/status` of the daemon. */
export async function askDaemon(listen: DaemonAddress | undefined): Promise<DaemonAnswer> {
  if (listen === undefined) return { kind: "unknown" };
  const url = daemonUrl(listen, "/status");
  const silent = (why: string): DaemonAnswer => ({
    kind: "silent",
    error: `Cannot ask the daemon at '${url}': ${why}`,
  });
  const answer = await ask(url);
  if (answer.kind === "silent") return silent(answer.why);
  if (answer.status !== 200) {
    const shown = truncate(answer.body.trim(), MAX_SHOWN);
    return silent(answer.isDaemon ? `HTTP ${answer.status}: ${shown}` : NOT_THE_DAEMON);
  }
  const parsed = v.safeParse(StatusSchema, parseJson(answer.body));
  if (parsed.success) return { kind: "status", status: parsed.output };
  return silent(answer.isDaemon ? "another version of this program answers there" : NOT_THE_DAEMON);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Has the daemon read requeued emails at once; false if it does not answer, or is not one. */
export async function askToReread(listen: DaemonAddress | undefined): Promise<boolean> {
  if (listen === undefined) return false;
  const answer = await ask(daemonUrl(listen, "/reread-failed"), "POST");
  return answer.kind === "answer" && answer.isDaemon && answer.status === 200;
}
