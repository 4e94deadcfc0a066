import { Argument } from "commander";
import type { Definition } from "../definition.ts";

/** The command `templates`. */
export const TEMPLATES: Definition = {
  name: "templates",
  summary: "Writes the built-in templates to a directory, to be changed.",
  details: [
    "Nothing is overwritten. Set templates.directory to the directory; its README.md lists the variables.",
    "Exit codes: 0, or 2 if the files cannot be written or are already there.",
  ],
  example: "teleport-email templates export /etc/teleport-email/templates",
  define: (command, { run }) => {
    command.addArgument(new Argument("<action>", "what to do").choices(["export"]))
      .argument("<directory>", "where the files go")
      .action((_action: string, directory: string) =>
        run("templates", async () => (await import("../templates.ts")).templates, { directory })
      );
  },
};
