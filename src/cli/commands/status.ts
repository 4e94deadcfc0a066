import { once } from "../arguments.ts";
import { CONFIG_EXITS, type Definition, withAddress, withConfig } from "../definition.ts";

/** The command `status`. */
export const STATUS: Definition = {
  name: "status",
  summary: "Shows the daemon's state and its pending and failed emails.",
  details: [
    "Asks the running daemon if http.listen is set. Otherwise, or if the daemon does not answer, reads the " +
    "pending and failed emails from the cluster. With --address, only the daemon is asked, and no " +
    "configuration is read.",
    "--retry requeues emails in the cluster, and has the running daemon send them at once if http.listen is " +
    "set.",
    "Exit codes: 0 if all is well, 1 if the daemon is not ready or does not answer, or if emails failed " +
    `permanently, ${CONFIG_EXITS}.`,
  ],
  example: "teleport-email status --retry all",
  define: (command, { run }) => {
    withAddress(withConfig(command))
      .option("--json", "Print JSON")
      .option("--retry <id>", "Requeue failed emails: of one request, or 'all'", once("retry"))
      .action((options) =>
        run("status", async () => (await import("../status.ts")).status, {
          json: false,
          ...options,
        })
      );
  },
};
