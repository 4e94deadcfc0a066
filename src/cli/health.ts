/** `teleport-email health`: one request to the running daemon, for the health check of a container. */

import { ask, type DaemonAddress, daemonUrl, NOT_THE_DAEMON } from "./daemon_client.ts";
import { EXIT_FAILURE, EXIT_OK } from "./exit_codes.ts";
import { type CliIo, complain, type ConfigOptions, reportErrors } from "./io.ts";
import { loadPartsOrReport } from "./read_config.ts";

/** What the command takes from the command line. */
export interface HealthOptions extends ConfigOptions {
  /** Whether it can do its job now, not only whether it works. */
  readonly ready: boolean;
  /** Where the daemon listens, in place of `http.listen`: no configuration is read. */
  readonly address?: DaemonAddress;
}

/** Returns the exit code: 0 or 1, as Docker wants it. */
export async function health(options: HealthOptions, io: CliIo): Promise<number> {
  const { config: path, ready, address } = options;
  let listen = address;
  if (listen === undefined) {
    // A configuration that was broken after the start does not make the daemon unhealthy.
    const config = await loadPartsOrReport(path, ["http"], io);
    if (config === undefined) return EXIT_FAILURE;
    listen = config.http.listen;
  }
  if (listen === undefined) {
    if (ready) {
      reportErrors(io, ["http.listen is not set: readiness is unknown"]);
      return EXIT_FAILURE;
    }
    // A container with a configuration of the original is not unhealthy for that.
    io.stdout("http.listen is not set: there is nothing to query\n");
    return EXIT_OK;
  }
  const url = daemonUrl(listen, ready ? "/readyz" : "/healthz");
  const answer = await ask(url);
  if (answer.kind === "answer" && answer.isDaemon) {
    io.stdout(answer.body);
    return answer.status === 200 ? EXIT_OK : EXIT_FAILURE;
  }
  const why = answer.kind === "silent" ? answer.why : NOT_THE_DAEMON;
  complain(io, "error", `Cannot ask the daemon at '${url}': ${why}`);
  return EXIT_FAILURE;
}
