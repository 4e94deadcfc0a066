/** What the daemon tells over HTTP, at `http.listen`. */

import type { Config } from "../config/config.ts";
import { serveHttp } from "../ops/http.ts";
import type { Metrics } from "../ops/metrics.ts";
import type { Status } from "../ops/status.ts";
import { StartError } from "./start_error.ts";

/** What the pages show. */
export interface Health {
  /** What stands still; undefined when everything turns. */
  readonly standstill: string | undefined;
  /** Why the job cannot be done now; empty when it can. */
  readonly notReady: readonly string[];
  status(): Status;
  /** The counters; counting begins with the first call. */
  count(): Promise<Metrics>;
}

/**
 * Serves `http.listen`, if that is configured.
 *
 * @throws {StartError} when the address cannot be listened on
 */
export async function serveEndpoints(
  { listen }: Config["http"],
  health: Health,
): Promise<AsyncDisposable | undefined> {
  if (listen === undefined) return undefined;
  const verdict = (reasons: readonly string[]) => ({
    status: reasons.length === 0 ? 200 : 503,
    body: `${reasons.length === 0 ? "ok" : reasons.join("\n")}\n`,
  });
  const metrics = await health.count();
  try {
    return serveHttp(listen, {
      "/healthz": () => verdict(health.standstill === undefined ? [] : [health.standstill]),
      "/readyz": () => verdict(health.notReady),
      "/status": () => ({
        contentType: "application/json",
        body: `${JSON.stringify(health.status(), null, 2)}\n`,
      }),
      "/metrics": async () => ({ contentType: metrics.contentType, body: await metrics.text() }),
    });
  } catch (error) {
    throw new StartError([error instanceof Error ? error.message : String(error)]);
  }
}
