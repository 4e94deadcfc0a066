/** Whether the daemon can do its job, over HTTP. */

import type { Config } from "../config/config.ts";
import { serveHttp } from "../ops/http.ts";
import { StartError } from "./start_error.ts";

/** What readiness depends on; the daemon keeps it up to date. */
export interface Health {
  watching: boolean;
  /** Why mails cannot be sent; undefined when they can. */
  mail: () => string | undefined;
}

/**
 * Serves `http.listen`, if that is configured.
 *
 * @throws {StartError} when the address cannot be listened on
 */
export function serveHealth({ http }: Config, health: Health): AsyncDisposable | undefined {
  if (http.listen === undefined) return undefined;
  try {
    return serveHttp(http.listen, () => [
      ...health.watching ? [] : ["the cluster is not connected"],
      ...[health.mail()].flatMap((reason) => reason === undefined ? [] : [`mail: ${reason}`]),
    ]);
  } catch (error) {
    throw new StartError([error instanceof Error ? error.message : String(error)]);
  }
}
