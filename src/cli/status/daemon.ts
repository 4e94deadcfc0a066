/** Asks the running daemon how it is doing. */

import * as v from "valibot";
import type { Config } from "../../config/config.ts";
import { type Status, StatusSchema } from "../../ops/status.ts";
import { ask, daemonUrl } from "./ask.ts";

export type DaemonAnswer =
  | { readonly kind: "status"; readonly status: Status }
  /** `http.listen` is not set. */
  | { readonly kind: "unknown" }
  | { readonly kind: "silent"; readonly error: string };

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
