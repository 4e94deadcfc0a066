/** TLS as the SMTP options ask for it. */

import net from "node:net";
import tls from "node:tls";
import type { SmtpOptions, SmtpSecrets } from "./smtp_options.ts";

/** Options of `tls.connect` for STARTTLS and for implicit TLS. */
export function smtpTls(options: SmtpOptions, secrets: SmtpSecrets): tls.ConnectionOptions {
  const name = options.serverName ?? options.host;
  const ca = secrets.rootCas ?? systemRoots();
  return {
    // SNI has no room for addresses (RFC 6066 §3); the certificate is checked against them still.
    ...(net.isIP(name) === 0 ? { servername: name } : { host: name }),
    ...(ca === undefined ? {} : { ca }),
    ...(secrets.crt === undefined ? {} : { cert: secrets.crt }),
    ...(secrets.key === undefined ? {} : { key: secrets.key }),
    rejectUnauthorized: !options.insecureSkipVerify,
    minVersion: "TLSv1.2",
  };
}

/** Deno trusts its built-in list only; the machine's own roots are what the operator expects. */
function systemRoots(): string[] | undefined {
  try {
    const roots = tls.getCACertificates("system");
    return roots.length > 0 ? roots : undefined;
  } catch {
    // No permission (`--allow-sys=ca`) or no store: the built-in list is left.
    return undefined;
  }
}
