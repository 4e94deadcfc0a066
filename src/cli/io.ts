/** What every command takes: where its output goes, and the path of the configuration. */

import { PROGRAM } from "../version.ts";
import { EXIT_CANNOT_RUN } from "./exit_codes.ts";

/** Where a command prints. */
export interface CliIo {
  /** Results. */
  stdout(text: string): void;
  /** Errors, warnings, notes and usage. */
  stderr(text: string): void;
}

/** The configuration that a command reads if `--config` is not given. */
export const DEFAULT_CONFIG_PATH = "/etc/teleport-email.toml";

/** Options of a command that reads the configuration. */
export interface ConfigOptions {
  /** Path of the TOML file; `-` is standard input. */
  readonly config: string;
  /**
   * Whether the path was not given: some commands need no file then.
   *
   * @default false
   */
  readonly isDefaultConfig?: boolean;
}

/** Prints a line on stderr in the one form that all commands share. */
export function complain(io: CliIo, level: "error" | "warning" | "note", text: string): void {
  io.stderr(`${PROGRAM}: ${level}: ${text}\n`);
}

/** Prints why a command could not do its work, and returns the exit code for that. */
export function reportErrors(io: CliIo, errors: readonly string[]): typeof EXIT_CANNOT_RUN {
  for (const error of errors) complain(io, "error", error);
  return EXIT_CANNOT_RUN;
}
