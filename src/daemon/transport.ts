/** The mail transport that the configuration asks for. */

import { boundedRead } from "../net/bounded_read.ts";
import type { MailgunConfig, Secret, SmtpConfig } from "../config/config.ts";
import { fileError } from "../file_error.ts";
import { readSecret } from "../config/values/secret.ts";
import type { SmtpOptions } from "../mail/smtp/options.ts";
import type { MailTransport } from "../mail/transport.ts";

/**
 * Creates it; nothing is connected, and no secret read, before the first use. Only the library that is
 * needed is loaded: the other would cost memory for nothing.
 */
export async function createTransport(
  config: SmtpConfig | MailgunConfig,
  senderDomain: string,
): Promise<MailTransport> {
  if (config.kind === "mailgun") {
    const { domain, baseUrl, privateKey } = config;
    const { createMailgunTransport } = await import("../mail/mailgun/transport.ts");
    return createMailgunTransport({
      ...limits(config),
      domain,
      baseUrl,
      privateKey: secretReader(privateKey),
    });
  }
  const { createSmtpTransport } = await import("../mail/smtp/transport.ts");
  return createSmtpTransport(smtpOptions(config, senderDomain));
}

function limits(config: SmtpConfig | MailgunConfig) {
  const { maxConnections, maxMessagesPerSecond } = config;
  return {
    maxConnections,
    ...(maxMessagesPerSecond === undefined ? {} : { maxMessagesPerSecond }),
  };
}

/** What `[smtp]` says, with functions for what stands in files. */
export function smtpOptions(config: SmtpConfig, senderDomain: string): SmtpOptions {
  const { auth, rootCas, clientCertificate, helloName, ...rest } = config;
  return {
    ...rest,
    ...(auth === undefined ? {} : { auth: { ...auth, password: secretReader(auth.password) } }),
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

function fileReader(path: string): () => Promise<string> {
  return boundedRead(async () => {
    try {
      return await Deno.readTextFile(path);
    } catch (error) {
      throw new Error(fileError("open", path, error));
    }
  }, hangs);
}

/** Reads a secret each time. The function rejects when there is none. */
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
