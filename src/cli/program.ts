/** The command line: what the arguments ask for, and what is wrong with them (upstream.md §1). */

import { Command, CommanderError } from "commander";
import { PROGRAM, versionLine } from "../version.ts";

export interface CliIo {
  stdout(text: string): void;
  stderr(text: string): void;
}

export interface StartOptions {
  readonly configPath: string;
  readonly debug: boolean;
}

/** The commands that need more than a line; each returns an exit code. They are loaded when called. */
export interface Commands {
  start(options: StartOptions): Promise<number>;
  configure(io: CliIo): Promise<number>;
}

export const DEFAULT_CONFIG_PATH = "/etc/teleport-email.toml";

/** Runs what `args` ask for and returns the exit code. Usage goes to stderr, as in the original. */
export async function runCli(
  args: readonly string[],
  io: CliIo,
  commands: Commands,
): Promise<number> {
  let exitCode = 0;
  const program = new Command(PROGRAM)
    .description("Teleport plugin for access requests approval via E-mail.")
    .helpOption("--help", "Show context-sensitive help.")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: io.stderr, writeErr: io.stderr, outputError: () => {} });
  const add = (name: string, text: string) =>
    program.command(name).description(text).allowExcessArguments().helpOption(
      "--help",
      "Show context-sensitive help.",
    ).exitOverride().hook("preAction", refuseExcess);
  add("help", "Show help.").argument("[command]", "command to show the help of")
    .action((name?: string) => showHelp(program, name));
  add("configure", "Prints an example .TOML configuration file.")
    .action(async () => {
      exitCode = await commands.configure(io);
    });
  add("version", `Prints ${PROGRAM} version and exits.`)
    .action(() => io.stdout(`${versionLine()}\n`));
  const start = add("start", "Starts the Teleport Email plugin.")
    .option("-c, --config <path>", "TOML config file path", once("config"), DEFAULT_CONFIG_PATH)
    .option("-d, --debug", "Enable verbose logging to stderr")
    .option("--no-debug", "Do not enable it, the default")
    .action(async ({ config, debug }: { config: string; debug?: boolean }) => {
      exitCode = await commands.start({ configPath: config, debug: debug === true });
    });
  start.configureOutput(program.configureOutput());
  try {
    if (args.length === 0) showHelp(program);
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0 || error.code === "commander.help") return 0;
    io.stderr(`${PROGRAM}: error: ${explain(error)}\n`);
    return 1;
  }
}

/** Commander only counts arguments; the original names the first that is too many. */
function refuseExcess(_: Command, command: Command): void {
  const extra = command.args[command.registeredArguments.length];
  if (extra !== undefined) throw new CommanderError(1, "excess", `unexpected ${extra}`);
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

/** Refuses an option's second value, and a flag in place of a value, as the original's parser does. */
function once(name: string): (value: string) => string {
  let seen = false;
  return (value) => {
    if (/^--?[a-z]/.test(value)) {
      throw new CommanderError(1, "missing", `expected argument for flag '--${name}'`);
    }
    if (seen) throw new CommanderError(1, "repeated", `flag '${name}' cannot be repeated`);
    seen = true;
    return value;
  };
}

/** The original's parser's words for what is wrong. */
function explain({ code, message }: CommanderError): string {
  const quoted = /'([^']*)'/.exec(message)?.[1] ?? "";
  switch (code) {
    case "commander.unknownCommand":
      return `expected command but got "${quoted}"`;
    case "commander.optionMissingArgument":
      return `expected argument for flag '${/--[a-z-]+/.exec(quoted)?.[0] ?? quoted}'`;
    case "commander.unknownOption": {
      const [flag, value] = quoted.split("=");
      if (value !== undefined && (flag === "--debug" || flag === "--no-debug")) {
        return `unexpected ${value}`;
      }
      return quoted.startsWith("--")
        ? `unknown long flag '${flag}'`
        : `unknown short flag '${quoted}'`;
    }
    default:
      return message.replace(/^error: /, "");
  }
}
