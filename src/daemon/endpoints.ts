/** The pages that the daemon serves at `http.listen`. */

import type { HttpConfig } from "../config/config.ts";
import type { Log } from "../log.ts";
import { type HttpServer, ListenError, type Pages, serveHttp } from "../ops/http.ts";
import type { Status } from "../ops/status.ts";
import type { Runtime } from "../runtime.ts";
import { StartError } from "./start_error.ts";

/** The content of the pages. */
export interface Health {
  /** Why the daemon is stalled; undefined if it makes progress. */
  readonly stallReason: string | undefined;
  /** Why the daemon is not ready; empty if it is. */
  readonly notReady: readonly string[];
  status(): Status;
  /** Reads the records of requests with failed emails again: `status --retry` may have changed them. */
  rereadFailed(): void;
  /** The counters; counting begins with the first call. */
  count(): Promise<MetricsPage>;
}

interface MetricsPage {
  readonly contentType: string;
  text(): Promise<string>;
}

/**
 * Serves `http.listen`, if it is set. When `current` holds the same port on another host, the new server
 * takes the port over; `current` gets it back if the new server is disposed first.
 *
 * @throws {StartError} when it cannot listen on the address
 */
export async function serveEndpoints(
  { listen, status }: HttpConfig,
  health: Health,
  current: HttpServer | undefined,
  { clock, log }: Pick<Runtime, "clock" | "log">,
): Promise<HttpServer | undefined> {
  if (listen === undefined) return undefined;
  const pages = pagesOf(health, await health.count(), status);
  try {
    return await serveHttp(listen, pages, clock);
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    if (!error.isInUse || current?.port !== listen.port) {
      throw new StartError([error.message], true);
    }
  }
  await current.suspend();
  try {
    return givingBack(await serveHttp(listen, pages, clock), current, log);
  } catch (error) {
    await current.resume();
    throw error instanceof ListenError ? new StartError([error.message], true) : error;
  }
}

function pagesOf(health: Health, metrics: MetricsPage, status: HttpConfig["status"]): Pages {
  const verdict = (reasons: readonly string[]) => ({
    status: reasons.length === 0 ? 200 : 503,
    body: `${reasons.length === 0 ? "ok" : reasons.join("\n")}\n`,
  });
  return {
    "/healthz": {
      make: () => verdict(health.stallReason === undefined ? [] : [health.stallReason]),
    },
    "/readyz": { make: () => verdict(health.notReady) },
    "/status": {
      make: () => ({
        contentType: "application/json",
        body: `${JSON.stringify(health.status(), null, 2)}\n`,
      }),
      isLocal: status === "loopback",
    },
    "/reread-failed": {
      make: () => {
        health.rereadFailed();
        return { body: "ok\n" };
      },
      isLocal: true,
      isAction: true,
    },
    "/metrics": {
      make: async () => ({ contentType: metrics.contentType, body: await metrics.text() }),
    },
  };
}

/** `server`, whose disposal lets `previous` listen again unless that was disposed before. */
function givingBack(server: HttpServer, previous: HttpServer, log: Log): HttpServer {
  let suspended: HttpServer | undefined = previous;
  return {
    ...server,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await suspended?.resume().catch((error: unknown) => {
        log.error("Cannot listen again on the address of the configuration in use", { error });
      });
      suspended = undefined;
    },
  };
}
