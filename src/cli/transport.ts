/** The mail transport that the configuration asks for. */

import type { MailgunConfig, Secret, SmtpConfig } from "../config/config.ts";
import { readSecret } from "../config/secret.ts";
import type { MailTransport } from "../mail/transport.ts";

/**
 * Creates it; nothing is connected, and no secret read, before the first use. Only the library that is
 * needed is loaded: the other would cost memory for nothing.
 */
export async function createTransport(
  config: SmtpConfig | MailgunConfig,
  senderDomain: string,
): Promise<MailTransport> {
  const limits = {
    maxConnections: config.maxConnections,
    ...(config.maxMessagesPerSecond === undefined
      ? {}
      : { maxMessagesPerSecond: config.maxMessagesPerSecond }),
  };
  if (config.kind === "mailgun") {
    const { domain, baseUrl, privateKey } = config;
    const { createMailgunTransport } = await import("../mail/mailgun.ts");
    return createMailgunTransport({ ...limits, domain, baseUrl, privateKey: reader(privateKey) });
  }
  const { auth, rootCas, clientCertificate, helloName, ...rest } = config;
  const { createSmtpTransport } = await import("../mail/smtp.ts");
  return createSmtpTransport({
    ...rest,
    ...(auth === undefined ? {} : { auth: { ...auth, password: reader(auth.password) } }),
    ...(rootCas === undefined ? {} : { rootCas: () => Deno.readTextFile(rootCas) }),
    ...(clientCertificate === undefined ? {} : {
      clientCertificate: {
        crt: () => Deno.readTextFile(clientCertificate.crt),
        key: () => Deno.readTextFile(clientCertificate.key),
      },
    }),
    helloName: helloName ?? senderDomain,
  });
}

function reader(secret: Secret): () => Promise<string> {
  return async () => {
    const result = await readSecret(secret);
    if (!result.ok) throw new Error(result.error);
    return result.value;
  };
}
