/** What every command takes: where its output goes, and the path of the configuration. */

/** Where a command prints. */
export interface CliIo {
  stdout(text: string): void;
  stderr(text: string): void;
}

export const DEFAULT_CONFIG_PATH = "/etc/teleport-email.toml";

/** Options of a command that reads the configuration. */
export interface ConfigOptions {
  /** Path of the TOML file; `-` is standard input. */
  readonly config: string;
}
