/** A result of `check`. */

/** `skipped`: it does not apply here, or was not checked. */
export type Level = "ok" | "warning" | "problem" | "skipped";

/** What `check` found about one dependency. */
export interface Finding {
  /** Stable name of what was checked, such as `connection.direct`. */
  readonly check: string;
  readonly level: Level;
  /** One line: what was found, the cause if it is a problem. */
  readonly text: string;
  /** What to do about it. */
  readonly remedy?: string;
  readonly tookMs?: number;
  /** Values for programs, with stable keys. */
  readonly details?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  /** Lines to copy, a role definition for example. */
  readonly attachment?: string;
}

/** The title of each check in the text. */
export const TITLES: Readonly<Record<string, string>> = {
  configuration: "configuration",
  access: "service access",
  templates: "templates",
  runtime: "runtime",
  files: "files",
  log: "log",
  http: "health, metrics",
  credentials: "credentials",
  "credentials.ssh": "credentials, SSH",
  "connection.direct": "connection: direct",
  "connection.upgrade": "connection: upgrade",
  "connection.ssh": "connection: ssh",
  server: "server",
  links: "links in emails",
  "permission.watch": "may watch requests",
  "permission.list": "may list requests",
  "permission.read_data": "may read records",
  "permission.write_data": "may write records",
  "permission.role": "role",
  "permission.rules": "may list rules",
  "permission.traits": "may read traits",
  "permission.labels": "may read labels",
  "permission.access_list_owners": "may read list owners",
  "mail.settings": "mail settings",
  "mail.limits": "mail limits",
  "mail.token": "access token",
  "mail.connect": "mail server",
  "mail.tls": "mail TLS",
  "mail.login": "mail login",
};

/** Runs `action` and measures how long it took, in whole milliseconds. */
export async function timed<T>(
  action: () => Promise<T>,
): Promise<{ readonly value: T; readonly tookMs: number }> {
  const start = performance.now();
  const value = await action();
  return { value, tookMs: Math.round(performance.now() - start) };
}
