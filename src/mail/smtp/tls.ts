/** TLS as the SMTP options ask for it. */

import net from "node:net";
import type tls from "node:tls";
import { systemRoots } from "../../net/system_roots.ts";
import type { SmtpOptions, SmtpSecrets } from "./options.ts";

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
