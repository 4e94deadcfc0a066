/** The configuration file for a playground. */

import { stringify } from "smol-toml";

/** The addresses and files that the configuration refers to. */
export interface PlaygroundConfig {
  /** `host:port` of the auth server or the proxy. */
  readonly addr: string;
  readonly identityPath: string;
  readonly smtp: {
    readonly port: number;
    readonly rootCasPath: string;
    readonly implicitTls: boolean;
    readonly auth?: { readonly username: string; readonly password: string };
  };
  readonly roleToRecipients: Readonly<Record<string, readonly string[]>>;
  /** Keys by section, in addition. */
  readonly more?: MoreConfig;
}

/** Sections of the configuration file: tables of keys, or lists of such tables. */
export type MoreConfig = Readonly<Record<string, object>>;

/** Role `dev` has its own recipient; all other roles use the default one. */
export const DEFAULT_RECIPIENTS = {
  dev: ["dev-lead@example.com"],
  "*": ["all@example.com"],
} as const;

/** The text of a `teleport-email.toml`. */
export function playgroundConfig(config: PlaygroundConfig): string {
  const { smtp, more: { delivery, ...sections } = {} } = config;
  return stringify({
    teleport: { addr: config.addr, identity: config.identityPath },
    smtp: {
      host: "localhost",
      port: smtp.port,
      starttls_policy: "mandatory",
      root_cas: smtp.rootCasPath,
      ...smtp.implicitTls && { implicit_tls: true },
      ...smtp.auth && { username: smtp.auth.username, password: smtp.auth.password },
    },
    delivery: { sender: "Teleport <teleport@example.com>", ...delivery },
    role_to_recipients: config.roleToRecipients,
    log: { output: "stderr" },
    ...sections,
  });
}
