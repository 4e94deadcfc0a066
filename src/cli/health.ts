/** `teleport-email health`: one question to the running daemon, for the health check of a container. */

import type { CliIo, ConfigOptions } from "./io.ts";
import { readConfig, reportErrors } from "./read_config.ts";
import { ask, daemonUrl } from "./daemon_client.ts";

/** What the command takes from the command line. */
export interface HealthOptions extends ConfigOptions {
  /** Whether it can do its job now, not only whether it works. */
  readonly ready: boolean;
}

/** Returns the exit code: 0 or 1, as Docker wants it. */
export async function health({ config: path, ready }: HealthOptions, io: CliIo): Promise<number> {
  const loaded = await readConfig(path);
  if (!loaded.ok) {
    reportErrors(io, loaded.errors);
    return 1;
  }
  const { listen } = loaded.config.http;
  if (listen === undefined) {
    // A container with a configuration of the original is not ill for that.
    io.stdout("http.listen is not set: there is nobody to ask\n");
    return 0;
  }
  const url = daemonUrl(listen, ready ? "/readyz" : "/healthz");
  const answer = await ask(url);
  if (answer.kind === "silent") {
    io.stderr(`Cannot ask the daemon at '${url}': ${answer.why}\n`);
    return 1;
  }
  io.stdout(answer.body);
  return answer.status === 200 ? 0 : 1;
}
