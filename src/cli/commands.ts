/** What the commands take from the command line; each is a file of its own that is loaded when called. */

export interface CliIo {
  stdout(text: string): void;
  stderr(text: string): void;
}

export const DEFAULT_CONFIG_PATH = "/etc/teleport-email.toml";

/** The mails that `preview` can show, and `test-mail` sends the first five of. */
export const SAMPLE_KINDS = [
  "new",
  "new-resources",
  "new-long-term",
  "review",
  "approved",
  "denied",
  "expired",
  "promoted",
  "reopened",
  "requester-new",
  "requester-review",
  "requester-approved",
  "requester-denied",
  "requester-expired",
  "requester-promoted",
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
  /** Whether the path was not given: no file need be there. */
  readonly isDefaultConfig?: boolean;
  /** Absent = `new` on the terminal, every kind in files. */
  readonly kind?: SampleKind | "all";
  /** `true`: the HTML part alone; a path: a page with all emails side by side. */
  readonly html: boolean | string;
  /** A directory for messages as they would be sent. */
  readonly eml?: string;
  /** Id of a request of the cluster, or the path of a file. */
  readonly request?: string;
}

export interface TemplatesOptions {
  /** Where the files go. */
  readonly directory: string;
}

/** A request, described by flags, named by its id, or in a file; and what is known of it. */
export interface RouteOptions extends ConfigOptions {
  readonly roles: readonly string[];
  readonly reviewers: readonly string[];
  readonly user?: string;
  readonly reason?: string;
  /** `kind/name` each. */
  readonly resources?: readonly string[];
  /** `key=value` each. */
  readonly traits?: readonly string[];
  /** `key=value` each, of every requested resource. */
  readonly labels?: readonly string[];
  /** When the request was made, in RFC 3339; absent = as it says, or now. */
  readonly at?: string;
  /** Id of a request of the cluster, or the path of a file; `-` is standard input. */
  readonly request?: string;
  /** Explains every pending request of the cluster. */
  readonly pending?: boolean;
  /** Path of a file of rules, instead of those of the cluster. */
  readonly rules?: string;
  /** Asks the cluster for rules, traits and labels. */
  readonly cluster?: boolean;
  readonly json?: boolean;
  /** Addresses that have to be mailed, and no others. */
  readonly expect?: readonly string[];
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
  templates(options: TemplatesOptions, io: CliIo): Promise<number>;
  route(options: RouteOptions, io: CliIo): Promise<number>;
  status(options: StatusOptions, io: CliIo): Promise<number>;
  health(options: HealthOptions, io: CliIo): Promise<number>;
}
