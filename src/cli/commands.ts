/** What the commands take from the command line; each is a file of its own that is loaded when called. */

export interface CliIo {
  stdout(text: string): void;
  stderr(text: string): void;
}

export const DEFAULT_CONFIG_PATH = "/etc/teleport-email.toml";

/** The mails that `preview` can show, and `test-mail` sends the first five of. */
export const SAMPLE_KINDS = [
  "new",
  "review",
  "approved",
  "denied",
  "expired",
  "promoted",
  "reopened",
  "requester-new",
  "requester-approved",
  "requester-denied",
] as const;
export type SampleKind = typeof SAMPLE_KINDS[number];

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = typeof SHELLS[number];

export interface ConfigOptions {
  /** Path of the TOML file; `-` is standard input. */
  readonly config: string;
}

export interface ConfigureOptions {
  /** A mail service to fill in; none without it. */
  readonly service?: string;
}

export interface StartOptions {
  readonly configPath: string;
  readonly debug: boolean;
}

export interface CheckOptions extends ConfigOptions {
  readonly offline: boolean;
  readonly json: boolean;
}

export interface TestMailOptions extends ConfigOptions {
  readonly addresses: readonly string[];
}

export interface PreviewOptions extends ConfigOptions {
  readonly kind: SampleKind;
  readonly html: boolean;
}

export interface RouteOptions extends ConfigOptions {
  readonly roles: readonly string[];
  readonly reviewers: readonly string[];
}

export interface StatusOptions extends ConfigOptions {
  readonly json: boolean;
  /** Id of a request, or `all`: puts its failed mails back in the outbox. */
  readonly retry?: string;
}

export interface HealthOptions extends ConfigOptions {
  /** Whether it can do its job now, not only whether it works. */
  readonly ready: boolean;
}

/** The commands that need more than a line; each returns an exit code. */
export interface Commands {
  start(options: StartOptions): Promise<number>;
  configure(options: ConfigureOptions, io: CliIo): Promise<number>;
  check(options: CheckOptions, io: CliIo): Promise<number>;
  testMail(options: TestMailOptions, io: CliIo): Promise<number>;
  preview(options: PreviewOptions, io: CliIo): Promise<number>;
  route(options: RouteOptions, io: CliIo): Promise<number>;
  status(options: StatusOptions, io: CliIo): Promise<number>;
  health(options: HealthOptions, io: CliIo): Promise<number>;
}
