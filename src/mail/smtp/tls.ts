/** TLS options for the SMTP transport. */

import net from "node:net";
import type tls from "node:tls";
import { systemRoots } from "../../net/system_roots.ts";
import type { SmtpOptions, SmtpSecrets } from "./options.ts";

/** The options of `tls.connect` for STARTTLS and for implicit TLS. */
export function smtpTls(options: SmtpOptions, secrets: SmtpSecrets): tls.ConnectionOptions {
  const name = options.serverName ?? options.host;
  const ca = secrets.rootCas ?? systemRoots();
  return {
    // SNI carries host names only (RFC 6066 §3); the certificate is still checked against an address.
    ...(net.isIP(name) === 0 ? { servername: name } : { host: name }),
    ...(ca === undefined ? {} : { ca }),
    ...(secrets.crt === undefined ? {} : { cert: secrets.crt }),
    ...(secrets.key === undefined ? {} : { key: secrets.key }),
    rejectUnauthorized: !options.insecureSkipVerify,
    minVersion: "TLSv1.2",
  };
}
