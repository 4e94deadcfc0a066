/** The mail transport that the configuration asks for. */

import { boundedRead } from "../net/bounded_read.ts";
import type {
  MailgunConfig,
  OAuth2Config,
  OAuth2Proof,
  Secret,
  SmtpConfig,
} from "../config/config.ts";
import type { Log } from "../log.ts";
import type { ClientProof, OAuthOptions } from "../mail/smtp/oauth/options.ts";
import { fileError } from "../text.ts";
import { readSecret } from "../config/values/secret.ts";
import type { SmtpOptions } from "../mail/smtp/options.ts";
import type { MailTransport } from "../mail/transport.ts";
import { readText } from "../read_file.ts";

/**
 * Creates it; it connects and reads secrets with the first use. Only the library in use is loaded, to save
 * memory.
 */
export async function createTransport(
  config: SmtpConfig | MailgunConfig,
  senderDomain: string,
  log: Pick<Log, "warn">,
): Promise<MailTransport> {
  if (config.kind === "mailgun") {
    const { domain, baseUrl, privateKey, rootCas } = config;
    const { createMailgunTransport } = await import("../mail/mailgun/transport.ts");
    return createMailgunTransport({
      ...limits(config),
      domain,
      baseUrl,
      privateKey: secretReader(privateKey),
      ...rootCas === undefined ? {} : { rootCas: fileReader(rootCas) },
    });
  }
  const { createSmtpTransport } = await import("../mail/smtp/transport.ts");
  const timeouts = { greetingMs: config.timeoutMs, sendMs: config.timeoutMs };
  return createSmtpTransport(smtpOptions(config, senderDomain), { log, timeouts });
}

function limits(config: SmtpConfig | MailgunConfig) {
  const { maxConnections, maxMessagesPerSecond } = config;
  return {
    maxConnections,
    ...(maxMessagesPerSecond === undefined ? {} : { maxMessagesPerSecond }),
  };
}

/** The options of `[smtp]`, with functions that read the values kept in files. */
export function smtpOptions(config: SmtpConfig, senderDomain: string): SmtpOptions {
  const { kind: _, service: _service, timeoutMs: _timeoutMs, auth, helloName, ...rest } = config;
  const { rootCas, clientCertificate, ...others } = rest;
  return {
    ...others,
    ...(auth === undefined ? {} : { auth: authOptions(auth) }),
    ...(rootCas === undefined ? {} : { rootCas: fileReader(rootCas) }),
    ...(clientCertificate === undefined ? {} : {
      clientCertificate: {
        crt: fileReader(clientCertificate.crt),
        key: fileReader(clientCertificate.key),
      },
    }),
    helloName: helloName ?? senderDomain,
  };
}

function authOptions(auth: SmtpConfig["auth"] & object): SmtpOptions["auth"] & object {
  if (!("oauth2" in auth)) return { ...auth, password: secretReader(auth.password) };
  const { username, oauth2 } = auth;
  const rootCas = "rootCas" in oauth2 && oauth2.rootCas !== undefined
    ? { rootCas: fileReader(oauth2.rootCas) }
    : {};
  return { username, oauth: oauthOptions(oauth2), ...rootCas };
}

function oauthOptions(config: OAuth2Config): OAuthOptions {
  switch (config.kind) {
    case "file":
      return { kind: "file", token: fileReader(config.file) };
    case "service-account":
      return { kind: config.kind, account: fileReader(config.file), scope: config.scope };
    case "endpoint": {
      const { rootCas: _, proof, grant, ...rest } = config;
      return {
        ...rest,
        proof: clientProof(proof),
        grant: grant.kind === "refresh_token"
          ? { kind: grant.kind, refreshToken: secretReader({ file: grant.file }) }
          : grant,
      };
    }
  }
}

function clientProof(proof: OAuth2Proof): ClientProof {
  switch (proof.kind) {
    case "none":
      return proof;
    case "secret":
      return { ...proof, secret: secretReader(proof.secret) };
    case "certificate":
      return { kind: proof.kind, crt: fileReader(proof.crt), key: fileReader(proof.key) };
    case "federated":
      return { kind: proof.kind, assertion: fileReader(proof.file) };
  }
}

/** Returns a function that reads the file at each call; it rejects with the path and the reason. */
export function fileReader(path: string): () => Promise<string> {
  return boundedRead(async () => {
    try {
      return await readText(path);
    } catch (error) {
      throw new Error(fileError("open", path, error));
    }
  }, hangs);
}

/** Returns a function that reads the secret at each call; it rejects when the secret is missing. */
export function secretReader(secret: Secret): () => Promise<string> {
  return boundedRead(async () => {
    const result = await readSecret(secret);
    if (!result.ok) throw new Error(result.error);
    return result.value;
  }, hangs);
}

function hangs(afterS: number): Error {
  return new Error(`the file cannot be read: no end after ${afterS} s`);
}
