import { type Definition, withConfig } from "../definition.ts";

export const HEALTH: Definition = {
  name: "health",
  summary: "Checks that the running daemon is alive, for health checks.",
  details: [
    "Asks /healthz, or /readyz with --ready, at http.listen of the configuration, and prints the answer. " +
    "Without http.listen there is nothing to query; exits 0.",
    "Exit codes: 0 if the daemon is healthy, 1 if it is not or does not answer, or if the configuration " +
    "has errors.",
  ],
  example: "teleport-email health --ready",
  define: (command, { run }) => {
    withConfig(command)
      .option("--ready", "Check that it can do its job now")
      .action((options) =>
        run("health", async () => (await import("../health.ts")).health, {
          ready: false,
          ...options,
        })
      );
  },
};
