/** The command line: what the arguments ask for (original.md §1). */

import { Argument, Command, CommanderError, Option } from "commander";
import { defined } from "../optional.ts";
import { escapeControls } from "../text.ts";
import { PROGRAM, versionLine } from "../version.ts";
import {
  collect,
  emptyListOnce,
  explainArguments,
  listOnce,
  once,
  refuseExcess,
} from "./arguments.ts";
import {
  type CliIo,
  type Commands,
  DEFAULT_CONFIG_PATH,
  SAMPLE_KINDS,
  type Shell,
  SHELLS,
} from "./commands.ts";
import { HELP_TEXTS } from "./help_texts.ts";
import { wrap } from "./wrap.ts";

/** That of the options above it, as far as commander can tell. */
const HELP_WIDTH = 80;
const HELP_OPTION = ["--help", "Show context-sensitive help."] as const;

/** Runs what `args` ask for and returns the exit code. Usage goes to stderr, as in the original. */
export async function runCli(
  args: readonly string[],
  output: CliIo,
  commands: Commands,
): Promise<number> {
  let exitCode = 0;
  const io = forTerminals(output);
  const program = createProgram(io, commands, (code) => exitCode = code);
  try {
    if (args.length === 0) showHelp(program);
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0 || error.code === "commander.help") return 0;
    io.stderr(`${PROGRAM}: error: ${explainArguments(error)}\n`);
    return 1;
  }
}

/** What emoji are joined with, beside the characters that lay text out. */
const HARMLESS = "\n\t\u200c\u200d";

/** A sequence that sets a color (ECMA-48 §8.3.117). */
const COLOR = new RegExp(`(${String.fromCharCode(0x1b)}\\[[0-9;]*m)`);

/** Output in which foreign text cannot move the cursor or reorder what is read; colors stay. */
function forTerminals(io: CliIo): CliIo {
  const safe = (text: string) =>
    text.split(COLOR)
      .map((part, index) => index % 2 === 1 ? part : escapeControls(part, HARMLESS)).join("");
  return { stdout: (text) => io.stdout(safe(text)), stderr: (text) => io.stderr(safe(text)) };
}

/** All commands with their options; completion and manual page are made of it, too. */
function createProgram(io: CliIo, commands: Commands, exit: (code: number) => void): Command {
  const program = new Command(PROGRAM)
    .description("Teleport plugin for access requests approval via E-mail.")
    .helpOption(...HELP_OPTION)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: io.stderr, writeErr: io.stderr, outputError: () => {} });
  const add = (name: string, text: string, options: { readonly hidden?: boolean } = {}) => {
    const texts = HELP_TEXTS[name] ?? [];
    return program.command(name, options).copyInheritedSettings(program).description(text)
      .allowExcessArguments().helpOption(...HELP_OPTION).exitOverride()
      .hook("preAction", refuseExcess)
      .addHelpText(
        "after",
        texts.map((paragraph) => `\n${wrap(paragraph, HELP_WIDTH).join("\n")}`).join("\n"),
      );
  };
  const configured = (name: string, text: string) =>
    add(name, text).option(
      "-c, --config <path>",
      "TOML config file path",
      once("config"),
      DEFAULT_CONFIG_PATH,
    );

  add("help", "Show help.").argument("[command]", "command to show the help of")
    .action((name?: string) => showHelp(program, name));
  add("configure", "Prints an example .TOML configuration file.")
    .option("--service <name>", "Fill in a mail service", once("service"))
    .action(async (options) => exit(await commands.configure(options, io)));
  add("version", `Prints ${PROGRAM} version and exits.`)
    .action(() => io.stdout(`${versionLine()}\n`));
  configured("start", "Starts the Teleport Email plugin.")
    .option("-d, --debug", "Enable verbose logging to stderr")
    .option("--no-debug", "Do not enable it, the default")
    .action(async ({ config, debug }) =>
      exit(await commands.start({ configPath: config, debug: debug === true }))
    );
  configured("check", "Checks everything that the daemon depends on, without sending a mail.")
    .option("--offline", "Check only what needs no network")
    .option("--json", "Print JSON")
    .action(async (options) =>
      exit(await commands.check({ offline: false, json: false, ...options }, io))
    );
  configured("test-mail", "Sends sample mails and reports the mail server's answers.")
    .argument("<address...>", "who gets them")
    .action(async (addresses, options) =>
      exit(await commands.testMail({ ...options, addresses }, io))
    );
  configured("preview", "Prints a sample mail as the templates make it.")
    .addOption(new Option("--kind <kind>", "Which email").choices([...SAMPLE_KINDS, "all"]))
    .option("--html [file]", "Print the HTML part; with a file, write a page with all emails")
    .option("--eml <directory>", "Write the emails as files", once("eml"))
    .option("--request <id|file>", "A request of the cluster, or of a file", once("request"))
    .action(async (options, command: Command) => {
      const isDefaultConfig = command.getOptionValueSource("config") === "default";
      exit(await commands.preview({ html: false, ...options, isDefaultConfig }, io));
    });
  add("templates", "Writes the built-in templates to a directory, to be changed.")
    .addArgument(new Argument("<action>", "what to do").choices(["export"]))
    .argument("<directory>", "where the files go")
    .action(async (_action: string, directory: string) =>
      exit(await commands.templates({ directory }, io))
    );
  configured("route", "Explains who would be mailed about a request, and why.")
    .option("--roles <roles>", "Requested roles, between commas", listOnce("roles"), [])
    .option("--reviewers <names>", "Suggested reviewers, between commas", listOnce("reviewers"), [])
    .option("--user <name>", "The requester", once("user"))
    .option("--reason <text>", "The reason", once("reason"))
    .option("--resource <kind/name>", "A requested resource, may be repeated", collect)
    .option("--trait <key=value>", "A trait of the requester, may be repeated", collect)
    .option("--label <key=value>", "A label of the resources, may be repeated", collect)
    .option("--at <time>", "When the request was made, in RFC 3339; else now", once("at"))
    .option("--request <id|file>", "A request of the cluster, or of a file", once("request"))
    .option("--pending", "Every pending request of the cluster")
    .option("--rules <file>", "Rules of a file instead of the cluster's", once("rules"))
    .option("--cluster", "Ask the cluster for rules, traits and labels")
    .option("--json", "Print JSON")
    .option("--expect <addresses>", "Exit with 1 unless these are mailed", emptyListOnce("expect"))
    .action(async ({ resource, trait, label, ...options }) => {
      const hasSubject = options.roles.length > 0 || options.reviewers.length > 0 ||
        resource !== undefined || label !== undefined || options.request || options.pending;
      if (!hasSubject) {
        throw new CommanderError(1, "subject", "give --roles, --resource, --request or --pending");
      }
      const given = defined({ resources: resource, traits: trait, labels: label });
      exit(await commands.route({ ...options, ...given }, io));
    });
  configured("status", "Tells how the daemon is doing, and which mails are owed or were given up.")
    .option("--json", "Print JSON")
    .option(
      "--retry <id>",
      "Send the mails again that were given up: of one request, or 'all'",
      once("retry"),
    )
    .action(async (options) => exit(await commands.status({ json: false, ...options }, io)));
  configured("health", "Asks the running daemon whether it works, for health checks.")
    .option("--ready", "Ask whether it can do its job now")
    .action(async (options) => exit(await commands.health({ ready: false, ...options }, io)));
  add("completion", "Prints a script that completes commands and options in a shell.")
    .addArgument(new Argument("<shell>", "for which shell").choices(SHELLS))
    .action(async (shell: Shell) => {
      const { completionScript } = await import("./completion.ts");
      io.stdout(completionScript(shell, program));
    });
  add("man", "Prints the manual page.", { hidden: true }).action(async () => {
    const { manualPage } = await import("./manual_page.ts");
    io.stdout(manualPage(program));
  });
  return program;
}

function showHelp(program: Command, name?: string): void {
  const command = name === undefined
    ? program
    : program.commands.find((command) => command.name() === name);
  if (command === undefined) {
    program.error(`unknown command '${name}'`, { code: "commander.unknownCommand" });
  }
  command.help();
}
