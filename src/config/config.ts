/** The whole configuration after loading: defaults filled in, everything validated. */

/** A secret in the file itself, or the path of a file that is read each time it is needed. */
export type Secret = { readonly value: string } | { readonly file: string };

/** The connection method: `auto` finds one that works. */
export type Via = "auto" | "direct" | "upgrade" | "ssh";

/** What `[teleport]` says. */
export interface TeleportConfig {
  /**
   * `host:port` of an auth server or proxy.
   *
   * @default "localhost:3025"
   */
  readonly addr: string;
  /** The files of the credentials, which are read when connecting. */
  readonly credentials:
    | { readonly kind: "identity"; readonly path: string }
    | { readonly kind: "files"; readonly key: string; readonly crt: string; readonly cas: string }
    // Not an error of the file: the original, too, misses them only when it connects.
    | { readonly kind: "none"; readonly error: string };
  /** Whether a rewritten identity file is used at once. @default false */
  readonly refreshIdentity: boolean;
  /** How often the identity file is polled, beside file notifications. @default 1 minute */
  readonly refreshIdentityIntervalMs: number;
  /** @default "auto" */
  readonly via: Via;
  /** PEM file for the public certificate of a proxy or load balancer; absent = the system's roots. */
  readonly webRootCas?: string;
}

/** Login with a password. */
export interface PasswordAuthConfig {
  readonly username: string;
  readonly password: Secret;
  /** Absent = negotiated. */
  readonly method?: "plain" | "login" | "cram-md5";
  /** Whether nothing is sent if the server offers no login. @default false */
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

/** How the client authenticates at the token endpoint. */
export type OAuth2Proof =
  | { readonly kind: "secret"; readonly secret: Secret; readonly inHeader: boolean }
  | { readonly kind: "certificate"; readonly crt: string; readonly key: string }
  | { readonly kind: "federated"; readonly file: string }
  | { readonly kind: "none" };

/** What `[smtp]` says. */
export interface SmtpConfig {
  readonly kind: "smtp";
  readonly host: string;
  /** @default 587, or that of the service */
  readonly port: number;
  /** The name in `smtp.service`, which has filled in what other keys leave open. */
  readonly service?: string;
  /** Absent = no authentication. */
  readonly auth?: PasswordAuthConfig | TokenAuthConfig;
  /** @default "mandatory" */
  readonly starttlsPolicy: "mandatory" | "opportunistic" | "disabled";
  /** TLS from the first byte (RFC 8314 §3.3). @default true on port 465 */
  readonly implicitTls: boolean;
  /** PEM file; absent = the system's roots. */
  readonly rootCas?: string;
  /** Name that the server's certificate must carry; absent = `host`. */
  readonly serverName?: string;
  /** Whether any certificate of the server is accepted. @default false */
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

/** What `[mailgun]` says. */
export interface MailgunConfig {
  readonly kind: "mailgun";
  readonly domain: string;
  readonly privateKey: Secret;
  /** API root without the version, e.g. `https://api.eu.mailgun.net`. @default the US region's */
  readonly baseUrl: string;
  /** PEM file with CAs beside the machine's. */
  readonly rootCas?: string;
  /** @default 10 */
  readonly maxConnections: number;
  /** Absent = no limit. */
  readonly maxMessagesPerSecond?: number;
}

/** What `[delivery]` says. */
export interface DeliveryConfig {
  /** The sender of all emails. */
  readonly sender: { readonly name?: string; readonly address: string };
  /** Absent = the sender. */
  readonly replyTo?: { readonly name?: string; readonly address: string };
  /**
   * Where suggested reviewers may have their addresses: domains in lower-case ASCII, with a leading dot
   * for all subdomains of one. Absent = anywhere, empty = nowhere.
   */
  readonly allowedDomains?: readonly string[];
  /** Whether emails have an HTML part. @default true */
  readonly html: boolean;
  /** Whether the text part has more than the original's: resources, times, thresholds. @default false */
  readonly details: boolean;
  /** An IANA time zone, for times in emails. @default "UTC" */
  readonly timeZone: string;
  /** Whether the HTML part has a schema.org action, which some email clients show. @default false */
  readonly actions: boolean;
  /** Whether requesters are emailed about their own requests. @default false */
  readonly notifyRequester: boolean;
  /** The trait with a requester's address; absent = the user name is the address. */
  readonly requesterTrait?: string;
  /** Whether requesters among the recipients are asked to review their own requests. @default false */
  readonly includeRequester: boolean;
  /** How long the first emails of a request wait after its creation for a decision. @default 0 */
  readonly settleForMs: number;
  /** How long after its creation reviewers of a pending request are reminded: ascending, each once. */
  readonly remindAfterMs: readonly number[];
  /** How long before the granted access ends the requester is warned; absent = never. */
  readonly warnBeforeAccessEndsMs?: number;
  /** Pending requests without a notification are ignored if they are older than this. @default 24 hours */
  readonly catchUpMs: number;
  /** How long an email is retried. @default 24 hours */
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

/** What `[access_lists]` says. */
export interface AccessListsConfig {
  /** Whether owners are reminded of reviews that are due. @default false */
  readonly remind: boolean;
}

/** Shifts in a time zone, as they are written in the file. */
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

/** The lowest severity that is logged. */
export type Severity = "trace" | "debug" | "info" | "warning" | "error";

/** What `[log]` says. */
export interface LogConfig {
  /** @default stderr */
  readonly output:
    | { readonly kind: "stderr" }
    | { readonly kind: "stdout" }
    | { readonly kind: "syslog" }
    | { readonly kind: "file"; readonly path: string };
  /** @default "info" */
  readonly severity: Severity;
  /** @default "text" */
  readonly format: "text" | "json";
}

/** A whole configuration. */
export interface Config {
  readonly teleport: TeleportConfig;
  /** The transport that is used; SMTP wins if both sections are present. */
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
  readonly accessLists: AccessListsConfig;
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
    /** The file does not exist or cannot be read. */
    readonly isUnreadable?: true;
    /** Those of the errors that are about files which the configuration names; these may come later. */
    readonly fileErrors?: readonly string[];
  };
