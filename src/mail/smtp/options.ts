/** Options of the SMTP transport, and its secrets, which are read when they are used. */

import { reasonOf, singleLine } from "../../text.ts";
import type { OAuthOptions } from "./oauth/options.ts";

/** Options as in `[smtp]` of the configuration; contents of files are functions that read them. */
export interface SmtpOptions {
  readonly host: string;
  readonly port: number;
  /** Absent = no authentication. */
  readonly auth?: PasswordAuth | TokenAuth;
  readonly starttlsPolicy: "mandatory" | "opportunistic" | "disabled";
  /** TLS from the first byte; the STARTTLS policy is then ignored. */
  readonly implicitTls: boolean;
  /** PEM; absent = the system's roots. */
  readonly rootCas?: () => Promise<string>;
  /** Name that the server's certificate must carry; absent = `host`. */
  readonly serverName?: string;
  readonly insecureSkipVerify: boolean;
  /** PEM. */
  readonly clientCertificate?: {
    readonly crt: () => Promise<string>;
    readonly key: () => Promise<string>;
  };
  /** EHLO name: the sender's domain, unless configured otherwise. */
  readonly helloName: string;
  readonly maxConnections: number;
  /** After so many a connection is closed and a new one opened; absent = as many as the server takes. */
  readonly maxMessagesPerConnection?: number;
  readonly maxMessagesPerSecond?: number;
}

/** A login with a password. */
export interface PasswordAuth {
  readonly username: string;
  readonly password: () => Promise<string>;
  /** Absent = negotiated. */
  readonly method?: "plain" | "login" | "cram-md5";
  /** Refuses to send without login where the server offers no login. */
  readonly isRequired?: boolean;
}

/** Access tokens of OAuth 2.0 in place of a password. */
export interface TokenAuth {
  /** The mailbox to send from. */
  readonly username: string;
  readonly oauth: OAuthOptions;
  /** PEM: CAs beside the machine's, for the token endpoint. */
  readonly rootCas?: () => Promise<string>;
}

/** The contents of all secrets at one moment. */
export interface SmtpSecrets {
  readonly password?: string;
  readonly rootCas?: string;
  readonly crt?: string;
  readonly key?: string;
}

/** Whether a pool made with the one set of secrets serves for the other. */
export function areSameSecrets(one: SmtpSecrets, other: SmtpSecrets): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The secrets, or why they cannot be read. */
export type SmtpSecretsResult =
  | { readonly ok: true; readonly secrets: SmtpSecrets }
  | { readonly ok: false; readonly error: string };

/** Reads all secrets. The files are small and read repeatedly, so that rotation needs no watcher. */
export async function readSmtpSecrets(options: SmtpOptions): Promise<SmtpSecretsResult> {
  const sources = {
    password: options.auth !== undefined && "password" in options.auth
      ? options.auth.password
      : undefined,
    rootCas: options.rootCas,
    crt: options.clientCertificate?.crt,
    key: options.clientCertificate?.key,
  };
  const secrets: Record<string, string> = {};
  for (const [name, read] of Object.entries(sources)) {
    if (read === undefined) continue;
    try {
      secrets[name] = await read();
    } catch (error) {
      return { ok: false, error: `Cannot read ${WHAT[name]}: ${singleLine(reasonOf(error))}` };
    }
  }
  return { ok: true, secrets };
}

const WHAT: Readonly<Record<string, string>> = {
  password: "the SMTP password",
  rootCas: "smtp.root_cas",
  crt: "smtp.client_crt",
  key: "smtp.client_key",
};
