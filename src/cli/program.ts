/** The command line: what the arguments ask for (original.md §1). */

import { Command, CommanderError } from "commander";
import { escapeControls } from "../text.ts";
import { PROGRAM, versionLine } from "../version.ts";
import { explainArguments, refuseExcess } from "./arguments.ts";
import { DEFINITIONS } from "./commands.ts";
import type { Commands, Context } from "./definition.ts";
import { usageExitCode } from "./exit_codes.ts";
import { type CliIo, complain } from "./io.ts";
import { wrap } from "./text.ts";

/** The width of the options above it, unless the terminal has another one. */
const HELP_WIDTH = 80;
const HELP_OPTION = ["-h, --help", "Show context-sensitive help."] as const;

/**
 * Runs what `args` ask for and returns the exit code (exit_codes.ts). Usage goes to stderr, as in the
 * original.
 * `commands` replace the actions that the commands load: `start` needs the signals of the process.
 */
export async function runCli(
  args: readonly string[],
  output: CliIo,
  commands: Partial<Commands>,
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
    const command = program.commands.find((one) => one.name() === args[0]);
    const [message = "", ...hints] = explainArguments(error, program, command);
    complain(io, "error", message);
    for (const hint of hints) io.stderr(`${hint}\n`);
    return usageExitCode(command?.name());
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
export function createProgram(
  io: CliIo,
  commands: Partial<Commands> = {},
  exit: (code: number) => void = () => {},
): Command {
  const program = new Command(PROGRAM)
    .description("Teleport plugin for access requests approval via E-mail.")
    .helpOption(...HELP_OPTION)
    .option("-V, --version", "Print the version")
    .on("option:version", () => {
      io.stdout(`${versionLine()}\n`);
      throw new CommanderError(0, "version", "");
    })
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: io.stderr, writeErr: io.stderr, outputError: () => {} });
  const add = (name: string, text: string, paragraphs: readonly string[] = []) =>
    program.command(name).copyInheritedSettings(program).description(text)
      .allowExcessArguments().helpOption(...HELP_OPTION).exitOverride()
      .hook("preAction", refuseExcess)
      .addHelpText(
        "after",
        paragraphs.map((paragraph) => `\n${wrap(paragraph, HELP_WIDTH).join("\n")}`).join("\n"),
      );
  const context: Context = {
    io,
    program,
    run: async (name, load, options) => {
      const action = commands[name] ?? await load();
      // The union of all actions takes the options of none.
      exit(await (action as (options: unknown, io: CliIo) => Promise<number>)(options, io));
    },
  };
  add("help", "Show help.").argument("[command]", "command to show the help of")
    .action((name?: string) => showHelp(program, name));
  for (const { name, summary, details, example, define } of DEFINITIONS) {
    define(add(name, summary, [...details, `Example: ${example}`]), context);
  }
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
