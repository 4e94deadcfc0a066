/** Inspects a mail server's encryption, whether its certificate is trusted or not. */

import { X509Certificate } from "node:crypto";
import { TLSSocket } from "node:tls";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import { orAborted } from "../../abort.ts";
import { startDeadline } from "../../net/deadline.ts";
import { dial, type Lookup, lookupAll } from "../../net/dial.ts";
import { readSmtpSecrets, type SmtpOptions } from "./options.ts";
import { smtpTls } from "./tls.ts";
import { singleLine } from "../../text.ts";

/** Protocol and certificate of an encrypted connection. */
export interface TlsView {
  /** `TLSv1.3` */
  readonly protocol: string;
  /** Distinguished names on one line. */
  readonly subject: string;
  readonly issuer: string;
  readonly notAfterMs: number;
}

/** The result of an inspection. */
export interface SmtpView {
  /** Undefined when the connection is not encrypted: TLS is not offered, or is disabled. */
  readonly tls: TlsView | undefined;
  /** SMTP extensions that it offers, as far as nodemailer knows them: `SMTPUTF8`, `SIZE`, ... */
  readonly extensions: readonly string[];
}

const PROBE_MS = 15_000;
/** A login mechanism that sends nothing. */
const LISTENER = "LISTENER";

/**
 * Connects and starts TLS as for an email, accepts any certificate, and disconnects without a login.
 *
 * @throws {Error} the library's error; the transport's own attempt explains it better
 */
export async function probeSmtp(
  options: SmtpOptions,
  signal: AbortSignal,
  deps: { readonly lookup: Lookup } = { lookup: lookupAll },
): Promise<SmtpView> {
  using deadline = startDeadline(PROBE_MS, signal);
  const read = await readSmtpSecrets(options);
  if (!read.ok) throw new Error(read.error);
  const { host, port, implicitTls, starttlsPolicy, helloName } = options;
  const socket = await dial(options, { ...deps, timeoutMs: PROBE_MS, signal: deadline.signal });
  let extensions: readonly string[] = [];
  const connection = new SMTPConnection({
    host,
    port,
    name: helloName,
    connection: socket,
    secure: implicitTls,
    ignoreTLS: starttlsPolicy === "disabled",
    tls: { ...smtpTls(options, read.secrets), rejectUnauthorized: false },
    customAuth: {
      [LISTENER]: (context) => {
        extensions = context.extensions;
        context.resolve();
      },
    },
  });
  try {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    connection.on("error", reject);
    connection.connect((error) => error ? reject(error) : resolve());
    await orAborted(promise, deadline.signal);
    // Sends nothing to the server: nodemailer passes the extensions to the mechanism.
    connection.login({ method: LISTENER, user: "-" }, () => {});
    // After STARTTLS it is the encrypted socket, for which nodemailer has no public name.
    const { _socket: current } = connection;
    return { tls: current instanceof TLSSocket ? view(current) : undefined, extensions };
  } finally {
    connection.close();
    socket.destroy();
  }
}

function view(socket: TLSSocket): TlsView {
  const { subject, issuer, validTo } = new X509Certificate(socket.getPeerCertificate().raw);
  return {
    protocol: socket.getProtocol() ?? "TLS",
    subject: singleLine(subject.replaceAll("\n", ", ")),
    issuer: singleLine(issuer.replaceAll("\n", ", ")),
    notAfterMs: Date.parse(validTo),
  };
}
