import { type Definition, withConfig } from "../definition.ts";

/** The command `start`. */
export const START: Definition = {
  name: "start",
  summary: "Starts the Teleport Email plugin.",
  details: [
    "Watches access requests and emails reviewers until SIGTERM or SIGINT. Exit codes: 0 after a signal, " +
    "78 if the configuration has to be corrected, 1 for any other fatal error, which may be gone after a " +
    "restart: credentials, permissions, a listen address in use.",
    "SIGHUP reads the configuration and the files that it names again. If one of them has an error, the " +
    "current configuration stays in use.",
  ],
  example: "teleport-email start --config teleport-email.toml --debug",
  define: (command, { run }) => {
    withConfig(command)
      .option("-d, --debug", "Enable verbose logging to stderr")
      .option("--no-debug", "Disable verbose logging (default)")
      .action(({ config, debug }) =>
        run(
          "start",
          () => Promise.reject(new Error("start needs the signals of the process")),
          { configPath: config, debug: debug === true },
        )
      );
  },
};
