/** The whole configuration after loading: defaults filled in, everything validated. */

/** A secret given in the file itself, or the path of a file that is read each time it is needed. */
export type Secret = { readonly value: string } | { readonly file: string };

/** The way into the cluster: `auto` finds it out. */
export type Via = "auto" | "direct" | "upgrade" | "ssh";

export interface TeleportConfig {
  /** `host:port` of an auth server or proxy. */
  readonly addr: string;
  /** What to log in with, as far as the file says it; checked when connecting. */
  readonly credentials:
    | { readonly kind: "identity"; readonly path: string }
    | { readonly kind: "files"; readonly key: string; readonly crt: string; readonly cas: string }
    // No error of the file: the original, too, misses them only when it connects.
    | { readonly kind: "none"; readonly error: string };
  readonly refreshIdentity: boolean;
  readonly refreshIdentityIntervalMs: number;
  readonly via: Via;
  /** PEM file for the public certificate of a proxy or balancer; absent = the system's roots. */
  readonly webRootCas?: string;
}

export interface PasswordAuthConfig {
  readonly username: string;
  readonly password: Secret;
  /** Absent = negotiated. */
  readonly method?: "plain" | "login" | "cram-md5";
  /** Nothing is sent without login. */
  readonly isRequired: boolean;
}

/** Access tokens of OAuth 2.0 in place of a password. */
export interface TokenAuthConfig {
  /** The mailbox to send from. */
  readonly username: string;
  readonly oauth2: OAuth2Config;
}

/** Where access tokens come from; files are read each time they are needed. */
export type OAuth2Config =
  | {
    readonly kind: "endpoint";
    readonly provider: "microsoft" | "google" | "generic";
    readonly tokenUrl: string;
    readonly clientId: string;
    readonly proof: OAuth2Proof;
    readonly grant:
      | { readonly kind: "client_credentials" }
      | { readonly kind: "refresh_token"; readonly file: string };
    readonly scope?: string;
    /** PEM file with CAs beside the machine's. */
    readonly rootCas?: string;
  }
  | {
    readonly kind: "service-account";
    readonly file: string;
    readonly scope: string;
    readonly rootCas?: string;
  }
  | { readonly kind: "file"; readonly file: string };

/** How the client proves to the token endpoint who it is. */
export type OAuth2Proof =
  | { readonly kind: "secret"; readonly secret: Secret; readonly inHeader: boolean }
  | { readonly kind: "certificate"; readonly crt: string; readonly key: string }
  | { readonly kind: "federated"; readonly file: string }
  | { readonly kind: "none" };

export interface SmtpConfig {
  readonly kind: "smtp";
  readonly host: string;
  readonly port: number;
  /** The name in `smtp.service`, which has filled in what other keys leave open. */
  readonly service?: string;
  /** Absent = no authentication. */
  readonly auth?: PasswordAuthConfig | TokenAuthConfig;
  readonly starttlsPolicy: "mandatory" | "opportunistic" | "disabled";
  /** TLS from the first byte (RFC 8314 §3.3). */
  readonly implicitTls: boolean;
  /** PEM file; absent = the system's roots. */
  readonly rootCas?: string;
  /** Name that the server's certificate must carry; absent = `host`. */
  readonly serverName?: string;
  readonly insecureSkipVerify: boolean;
  readonly clientCertificate?: { readonly crt: string; readonly key: string };
  /** EHLO name; absent = the sender's domain. */
  readonly helloName?: string;
  /** How long the server may take for each step up to the content. @default 5 minutes */
  readonly timeoutMs: number;
  /** @default 10 */
  readonly maxConnections: number;
  /** Absent = as many as the server takes. */
  readonly maxMessagesPerConnection?: number;
  readonly maxMessagesPerSecond?: number;
}

export interface MailgunConfig {
  readonly kind: "mailgun";
  readonly domain: string;
  readonly privateKey: Secret;
  /** API root without the version, e.g. `https://api.eu.mailgun.net`. */
  readonly baseUrl: string;
  /** PEM file with CAs beside the machine's. */
  readonly rootCas?: string;
  readonly maxConnections: number;
  readonly maxMessagesPerSecond?: number;
}

export interface DeliveryConfig {
  readonly sender: { readonly name?: string; readonly address: string };
  readonly replyTo?: { readonly name?: string; readonly address: string };
  /**
   * Where suggested reviewers may have their addresses: domains in lower-case ASCII, with a dot in
   * front for all domains below one. Absent = anywhere, empty = nowhere.
   */
  readonly allowedDomains?: readonly string[];
  readonly html: boolean;
  /** Whether the text part tells more than the original's: resources, times, thresholds. */
  readonly details: boolean;
  /** A name of the IANA data, for times in mails. */
  readonly timeZone: string;
  /** Whether the HTML part has a schema.org action, which some mail programs show in their lists. */
  readonly actions: boolean;
  readonly notifyRequester: boolean;
  /** The trait that has a requester's address; absent = the user name is the address. */
  readonly requesterTrait?: string;
  /** Requesters are asked to review their own requests if they are among the recipients. @default false */
  readonly includeRequester: boolean;
  /** How long the first mails of a request wait after its creation for a decision. @default 0 */
  readonly settleForMs: number;
  /** How long after its creation reviewers of a pending request are reminded: ascending, each once. */
  readonly remindAfterMs: readonly number[];
  /** How long before the granted access ends the requester is warned; absent = never. */
  readonly warnBeforeAccessEndsMs?: number;
  /** Pending requests without a notification are ignored if they are older than this. */
  readonly catchUpMs: number;
  /** How long a mail is retried. */
  readonly retryForMs: number;
}

/** What `[http]` says. */
export interface HttpConfig {
  /** Where health, status and metrics are served; absent = nowhere. */
  readonly listen?: { readonly host: string; readonly port: number };
  /**
   * Who may read `/status`, which names recipients: clients on this machine, or all.
   *
   * @default "loopback"
   */
  readonly status: "loopback" | "all";
}

/** What `[routing]` says. */
export interface RoutingConfig {
  /**
   * Whether the rules of the cluster or the routes of the file are asked first.
   *
   * @default "rules"
   */
  readonly precedence: "rules" | "routes";
  /** Reads the schedules of rules as the original does. @default false */
  readonly strictSchedules: boolean;
}

/** Shifts in a time zone, in the texts of the file. */
export interface RouteSchedule {
  /** "" = UTC. */
  readonly timezone: string;
  readonly shifts: readonly {
    readonly weekday: string;
    readonly start: string;
    readonly end: string;
  }[];
}

/** One `[[route]]`. */
export interface RouteConfig {
  /** As given, or its place in the file. */
  readonly name: string;
  /** A condition that can be read; absent = every request. */
  readonly match?: string;
  /** Email addresses, `requester`, `suggested_reviewers`, `trait:<name>`, `access_list_owners`. */
  readonly recipients: readonly string[];
  readonly continues: boolean;
  readonly silence: boolean;
  readonly on: readonly ("new" | "review" | "resolution")[];
  /** By name; empty = always. */
  readonly schedules: ReadonlyMap<string, RouteSchedule>;
}

export type Severity = "trace" | "debug" | "info" | "warning" | "error";

export interface LogConfig {
  readonly output:
    | { readonly kind: "stderr" }
    | { readonly kind: "stdout" }
    | { readonly kind: "syslog" }
    | { readonly kind: "file"; readonly path: string };
  readonly severity: Severity;
  readonly format: "text" | "json";
}

export interface Config {
  readonly teleport: TeleportConfig;
  /** The transport that is used; with both sections present SMTP wins. */
  readonly mail: SmtpConfig | MailgunConfig;
  readonly delivery: DeliveryConfig;
  /**
   * Role name, pattern of names, or `*` for every other role, to recipients in the file's order. Always
   * has `*`.
   */
  readonly roleToRecipients: ReadonlyMap<string, readonly string[]>;
  /** Email addresses of requesters by user name; they come before the trait. */
  readonly requesterAddresses: ReadonlyMap<string, string>;
  readonly routing: RoutingConfig;
  /** In the file's order. */
  readonly routes: readonly RouteConfig[];
  readonly templates: { readonly directory?: string };
  readonly http: HttpConfig;
  readonly log: LogConfig;
}

/** The sections of a file that have no error; a command may need no others. */
export type ConfigParts = Partial<Config>;

/** Every problem of a file at once; `errors` has one line per problem, each with its key. */
export type LoadResult =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly string[] }
  | {
    readonly ok: false;
    readonly errors: readonly string[];
    readonly warnings: readonly string[];
    /** Empty when the text is not TOML. */
    readonly parts: ConfigParts;
    /** There is no such file, or it cannot be read. */
    readonly isUnreadable?: true;
    /** Those of the errors that are about files which the configuration names; these may come later. */
    readonly fileErrors?: readonly string[];
  };
