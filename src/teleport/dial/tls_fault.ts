/**
 * What an error of Deno's TLS means: rustls, partly with Node's wording (decisions/runtime.md,
 * "gRPC gets its connections from us").
 */

/**
 * - `not tls`: what came back is no TLS
 * - `untrusted`: no authority that we know has signed the certificate
 * - `name`: the certificate is for other names
 * - `expired`: the certificate's time is over, or has not begun
 * - `no protocol`: the server has looked at ALPN and refuses
 * - `refused`: the server does not accept our certificate
 * - `closed`: the connection ended without a word
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
  // Alerts come first: their names resemble our own complaints.
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

/** Sorts an error of a TLS handshake. */
export function tlsFault(error: Error): TlsFault {
  const code = "code" in error ? String(error.code) : "";
  const text = `${error.message} ${code}`;
  return PATTERNS.find(([pattern]) => pattern.test(text))?.[1] ?? "other";
}

/** The name of the alert with which a server refuses, in words: `unknown CA`. */
export function alertName(error: Error): string | undefined {
  const name = /alert: ?(\w+)/.exec(error.message)?.[1];
  return name?.replace(/([a-z])([A-Z])/g, "$1 $2").replace(
    /\b[A-Z](?=[a-z])/g,
    (letter) => letter.toLowerCase(),
  );
}
