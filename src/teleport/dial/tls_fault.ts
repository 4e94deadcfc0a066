/**
 * Classifies errors of Deno's TLS, which is rustls, partly with Node's wording (decisions/runtime.md,
 * "gRPC gets its connections from us").
 */

/**
 * - `not tls`: the server does not speak TLS
 * - `untrusted`: no known CA has signed the certificate
 * - `name`: the certificate is for other names
 * - `expired`: the certificate has expired or is not valid yet
 * - `no protocol`: the server refused the offered ALPN protocols
 * - `refused`: the server rejected our certificate
 * - `closed`: the server closed the connection without an alert
 * - `other`: anything else
 */
export type TlsFault =
  | "not tls"
  | "untrusted"
  | "name"
  | "expired"
  | "no protocol"
  | "refused"
  | "closed"
  | "other";

const PATTERNS: readonly (readonly [RegExp, TlsFault])[] = [
  // Alerts come first: their names resemble errors of our own verification.
  [/alert: ?NoApplicationProtocol/i, "no protocol"],
  [
    /alert: ?(BadCertificate|UnsupportedCertificate|Certificate(Revoked|Expired|Unknown|Required)|UnknownCA|AccessDenied)/i,
    "refused",
  ],
  [/InvalidContentType|corrupt message|wrong version number/i, "not tls"],
  [/altnames|NotValidForName|not valid for name/i, "name"],
  [/has expired|not yet valid|CERT_HAS_EXPIRED|NotValidYet|: ?Expired/i, "expired"],
  [/unable to (verify|get)|self.signed|unknown ?issuer|UnhandledCriticalExtension/i, "untrusted"],
  [/socket disconnected|ECONNRESET|EPIPE|connection reset|unexpected eof|hang up/i, "closed"],
];

/** Classifies an error of a TLS handshake. */
export function tlsFault(error: Error): TlsFault {
  const code = "code" in error ? String(error.code) : "";
  const text = `${error.message} ${code}`;
  return PATTERNS.find(([pattern]) => pattern.test(text))?.[1] ?? "other";
}

/** The name of the TLS alert in an error, in words (`unknown CA`); undefined without an alert. */
export function alertName(error: Error): string | undefined {
  const name = /alert: ?(\w+)/.exec(error.message)?.[1];
  return name?.replace(/([a-z])([A-Z])/g, "$1 $2").replace(
    /\b[A-Z](?=[a-z])/g,
    (letter) => letter.toLowerCase(),
  );
}
