import { type Command, Option } from "commander";
import { once } from "../arguments.ts";
import { CONFIG_EXITS, configOptions, type Definition, withConfig } from "../definition.ts";
import { SAMPLE_KINDS } from "../sample_kinds.ts";

/** The command `preview`. */
export const PREVIEW: Definition = {
  name: "preview",
  summary: "Prints a sample email as the templates render it.",
  details: [
    "Uses the templates of the configuration, or the built-in ones if there is no file at the default " +
    "path. Only --request ID accesses the cluster. With --html FILE or --eml DIRECTORY, every kind is " +
    "written unless --kind names one.",
    `Exit codes: 0, or ${CONFIG_EXITS}.`,
  ],
  example: "teleport-email preview --html emails.html",
  define: (command, { run }) => {
    withConfig(command)
      .addOption(new Option("--kind <kind>", "Which email").choices([...SAMPLE_KINDS, "all"]))
      .option("--html [file]", "Print the HTML part; with a file, write a page with all emails")
      .option("--eml <directory>", "Write the emails as files", once("eml"))
      .option("--request <id|file>", "A request of the cluster, or of a file", once("request"))
      .action((options, command: Command) =>
        run("preview", async () => (await import("../preview.ts")).preview, {
          html: false,
          ...options,
          ...configOptions(command),
        })
      );
  },
};
