import { type Definition, withConfig } from "../definition.ts";

/** The command `check`. */
export const CHECK: Definition = {
  name: "check",
  summary: "Checks everything that the daemon depends on, without sending an email.",
  details: [
    "Prints one line for each dependency: configuration, templates, log, listen address, credentials, " +
    "every connection method, the permissions of the role, and the mail server including the login. " +
    "Nothing is sent, and nothing is changed. A line that fails says how to fix it.",
    "Exit codes: 0 if there is no problem, 1 if there is one, 2 if the configuration cannot be read.",
  ],
  example: "teleport-email check --offline",
  define: (command, { run }) => {
    withConfig(command)
      .option("--offline", "Check only what needs no network")
      .option("--json", "Print JSON")
      .action((options) =>
        run("check", async () => (await import("../check.ts")).check, {
          offline: false,
          json: false,
          ...options,
        })
      );
  },
};
