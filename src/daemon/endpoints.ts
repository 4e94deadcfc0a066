/** What the daemon tells over HTTP, at `http.listen`. */

import type { Config } from "../config/config.ts";
import { serveHttp } from "../ops/http.ts";
import type { DaemonState } from "./state.ts";
import { StartError } from "./start_error.ts";

/**
 * Serves `http.listen`, if that is configured.
 *
 * @throws {StartError} when the address cannot be listened on
 */
export async function serveEndpoints(
  { listen }: Config["http"],
  state: DaemonState,
): Promise<AsyncDisposable | undefined> {
  if (listen === undefined) return undefined;
  const verdict = (reasons: readonly string[]) => ({
    status: reasons.length === 0 ? 200 : 503,
    body: `${reasons.length === 0 ? "ok" : reasons.join("\n")}\n`,
  });
  const metrics = await state.count();
  try {
    return serveHttp(listen, {
      "/healthz": () => verdict(state.standstill === undefined ? [] : [state.standstill]),
      "/readyz": () => verdict(state.notReady),
      "/status": () => ({
        contentType: "application/json",
        body: `${JSON.stringify(state.status(), null, 2)}\n`,
      }),
      "/metrics": async () => ({ contentType: metrics.contentType, body: await metrics.text() }),
    });
  } catch (error) {
    throw new StartError([error instanceof Error ? error.message : String(error)]);
  }
}
