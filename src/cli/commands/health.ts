import type { Command } from "commander";
import { configOptions, type Definition, withAddress, withConfig } from "../definition.ts";

/** The command `health`. */
export const HEALTH: Definition = {
  name: "health",
  summary: "Checks that the running daemon is alive, for health checks.",
  details: [
    "Asks /healthz, or /readyz with --ready, at http.listen of the configuration, and prints the answer. " +
    "With --address, no configuration is read. Without http.listen there is nothing to query: exits 0, " +
    "and 1 with --ready.",
    "Exit codes: 0 if the daemon is healthy, 1 if it is not, if something else or nothing answers, or if " +
    "http.listen cannot be read.",
  ],
  example: "teleport-email health --ready",
  define: (command, { run }) => {
    withAddress(withConfig(command))
      .option("--ready", "Check that it can do its job now")
      .action((options, command: Command) =>
        run("health", async () => (await import("../health.ts")).health, {
          ready: false,
          ...options,
          ...configOptions(command),
        })
      );
  },
};
