/** What a command is made of: its texts, its flags, and the action that is loaded when it is called. */

import type { Command } from "commander";
import { addressOnce, once } from "./arguments.ts";
import type { CheckOptions } from "./check.ts";
import type { ConfigureOptions } from "./configure.ts";
import type { HealthOptions } from "./health.ts";
import { type CliIo, type ConfigOptions, DEFAULT_CONFIG_PATH } from "./io.ts";
import type { PreviewOptions } from "./preview.ts";
import type { RouteOptions } from "./route/options.ts";
import type { StartOptions } from "./start.ts";
import type { StatusOptions } from "./status.ts";
import type { TemplatesOptions } from "./templates.ts";
import type { TestMailOptions } from "./test_mail.ts";

type Action<Options> = (options: Options, io: CliIo) => Promise<number>;

/** The actions of the commands; each returns an exit code. */
export interface Commands {
  readonly start: (options: StartOptions) => Promise<number>;
  readonly configure: Action<ConfigureOptions>;
  readonly check: Action<CheckOptions>;
  readonly testMail: Action<TestMailOptions>;
  readonly preview: Action<PreviewOptions>;
  readonly templates: Action<TemplatesOptions>;
  readonly route: Action<RouteOptions>;
  readonly status: Action<StatusOptions>;
  readonly health: Action<HealthOptions>;
}

/** What the flags of a command are connected to. */
export interface Context {
  readonly io: CliIo;
  readonly program: Command;
  /** Runs the action that `load` gives; its exit code becomes the program's. */
  run<Name extends keyof Commands>(
    name: Name,
    load: () => Promise<Commands[Name]>,
    options: Parameters<Commands[Name]>[0],
  ): Promise<void>;
}

/** One command. */
export interface Definition {
  readonly name: string;
  readonly summary: string;
  /** Paragraphs behind the options, in the help and on the manual page. */
  readonly details: readonly string[];
  /** A command line that works as it is written. */
  readonly example: string;
  /** Adds arguments, options and the action. */
  readonly define: (command: Command, context: Context) => void;
}

/** What exit code 2 of a command stands for. */
export const CONFIG_EXITS =
  "2 if the command cannot run, for example because the configuration has errors";

/** The options of a command that reads the configuration, as they were given. */
export function configOptions(command: Command): ConfigOptions {
  return {
    config: command.getOptionValue("config"),
    ...command.getOptionValueSource("config") === "default" && { isDefaultConfig: true },
  };
}

/** Adds `--address`, for commands that ask the daemon. */
export function withAddress(command: Command): Command {
  return command.option(
    "--address <host:port>",
    "Ask the daemon at this address instead of http.listen",
    addressOnce("address"),
  );
}

/** Adds `--config`. */
export function withConfig(command: Command): Command {
  return command.option(
    "-c, --config <path>",
    "TOML config file path",
    once("config"),
    DEFAULT_CONFIG_PATH,
  );
}
