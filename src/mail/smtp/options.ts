/** What an SMTP transport needs, and the secrets among it read when they are used. */

import { reasonOf, singleLine } from "../../text.ts";

/** Fits `[smtp]` of the configuration; what stands in files comes as functions that read them. */
export interface SmtpOptions {
  readonly host: string;
  readonly port: number;
  /** Absent = no authentication. */
  readonly auth?: {
    readonly username: string;
    readonly password: () => Promise<string>;
    /** Absent = negotiated. */
    readonly method?: "plain" | "login" | "cram-md5";
  };
  readonly starttlsPolicy: "mandatory" | "opportunistic" | "disabled";
  /** TLS from the first byte; the STARTTLS policy is irrelevant then. */
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
  /** EHLO name: the sender's domain, unless the operator says otherwise. */
  readonly helloName: string;
  readonly maxConnections: number;
  readonly maxMessagesPerSecond?: number;
}

/** The content of all secrets at one moment. */
export interface SmtpSecrets {
  readonly password?: string;
  readonly rootCas?: string;
  readonly crt?: string;
  readonly key?: string;
}

export type SmtpSecretsResult =
  | { readonly ok: true; readonly secrets: SmtpSecrets }
  | { readonly ok: false; readonly error: string };

/** Reads all secrets. Small files, read again and again: a rotation needs no watcher. */
export async function readSmtpSecrets(options: SmtpOptions): Promise<SmtpSecretsResult> {
  const sources = {
    password: options.auth?.password,
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
