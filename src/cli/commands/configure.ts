import { once } from "../arguments.ts";
import type { Definition } from "../definition.ts";

/** The command `configure`. */
export const CONFIGURE: Definition = {
  name: "configure",
  summary: "Prints an example .TOML configuration file.",
  details: [
    "--service fills in a mail service: microsoft365, google, ses:REGION (for example ses:eu-west-1), " +
    "sendgrid, postmark, mailgun-smtp:us, mailgun-smtp:eu.",
    "Exit codes: 0, or 1 for an unknown service.",
  ],
  example: "teleport-email configure --service google",
  define: (command, { run }) => {
    command.option("--service <name>", "Fill in a mail service", once("service"))
      .action((options) =>
        run("configure", async () => (await import("../configure.ts")).configure, options)
      );
  },
};
