/** The run that the code cache is recorded of. Functions that did not run are compiled when they are called. */

import { startPlayground } from "../../sim/playground/playground.ts";
import { PluginProcess } from "../../sim/playground/plugin_process.ts";
import { BuildError } from "./fail.ts";

/**
 * Has `program` start on the simulated cluster, send an email and stop.
 *
 * @throws {BuildError} if it does not
 */
export async function runForCodeCache(program: string): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-record-" });
  try {
    await using playground = await startPlayground({ dir, connectTo: "auth" });
    await using plugin = new PluginProcess(playground.paths.config, { program });
    await plugin.waitFor(/Plugin is ready/);
    playground.cluster.create({ user: "alice@example.com", roles: ["dba"] });
    await plugin.waitFor(/Successfully sent/);
    const code = await plugin.stop();
    if (code !== 0) throw new Error(`it ended with code ${code}:\n${plugin.lines.join("\n")}`);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new BuildError(`Cannot record the code cache by a run of '${program}': ${cause}`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
