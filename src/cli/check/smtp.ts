/** The SMTP server: reachable, encrypted, and willing to let us log in. */

import type { SmtpConfig } from "../../config/config.ts";
import { createSmtpTransport } from "../../mail/smtp/transport.ts";
import { probeSmtp, type SmtpView } from "../../mail/smtp/probe.ts";
import { NO_TLS_AT_ONCE } from "../../mail/smtp/receipt.ts";
import type { Receipt, Refusal, RefusalCategory } from "../../mail/transport.ts";
import { dial, lookupAll } from "../../net/dial.ts";
import { DialError } from "../../net/dial_error.ts";
import { smtpOptions } from "../../daemon/transport.ts";
import { type Finding, timed } from "./finding.ts";

const CONNECT_MS = 10_000;
/** Whoever renews certificates by machine has done so by then. */
const DAY_MS = 86_400_000;

export async function* checkSmtp(
  config: SmtpConfig,
  senderDomain: string,
): AsyncGenerator<Finding> {
  const { host, port } = config;
  const { signal } = new AbortController();
  const reached = await reach(host, port, signal);
  yield reached;
  if (reached.level === "problem") return;
  const options = smtpOptions(config, senderDomain);
  await using transport = createSmtpTransport(options);
  const { value: receipt, tookMs } = await timed<Receipt>(async () =>
    await transport.verify?.(signal) ?? { ok: true, messageId: "", response: "" }
  );
  const failure = receipt.ok ? undefined : receipt;
  if (
    failure !== undefined && failure.category !== "tls" && failure.category !== "authentication"
  ) {
    yield problem("mail.connect", failure, undefined);
    return;
  }
  // Without it the server's certificate remains unknown, and the receipt says why.
  const view = await probeSmtp(options, signal).catch(() => undefined);
  yield tls(config, failure, view);
  if (failure?.category === "tls") return;
  const check = "mail.login";
  if (failure !== undefined) yield problem(check, failure, undefined);
  else if (config.auth === undefined) {
    yield { check, level: "skipped", text: "none: smtp.username is not set" };
  } else yield { check, level: "ok", text: `as '${config.auth.username}'`, tookMs };
}

async function reach(host: string, port: number, signal: AbortSignal): Promise<Finding> {
  const check = "mail.connect";
  const { value, tookMs } = await timed(async () => {
    try {
      const socket = await dial({ host, port }, {
        lookup: lookupAll,
        timeoutMs: CONNECT_MS,
        signal,
      });
      const address = socket.remoteAddress ?? host;
      socket.destroy();
      return address;
    } catch (error) {
      if (error instanceof DialError) return error;
      throw error;
    }
  });
  if (typeof value === "string") {
    const text = `'${host}:${port}' can be reached at ${value}`;
    return { check, level: "ok", text, tookMs, details: { host, port, address: value } };
  }
  const text = `Cannot connect to SMTP server '${host}:${port}': ${value.message}`;
  return { check, level: "problem", text, remedy: REMEDIES.network, tookMs };
}

function tls(
  config: SmtpConfig,
  failure: Refusal | undefined,
  view: SmtpView | undefined,
): Finding {
  const check = "mail.tls";
  if (failure?.category === "tls") return problem(check, failure, view);
  const seen = view?.tls;
  if (seen === undefined) {
    const text = view === undefined
      ? "cannot be looked at"
      : "none: mails and answers travel unencrypted";
    const remedy = "use a server with STARTTLS or implicit TLS, or keep it on a network you trust";
    return { check, level: "warning", text, remedy };
  }
  const until = new Date(seen.notAfterMs).toISOString();
  const base = {
    check,
    text: `${seen.protocol}, certificate '${seen.subject}' by '${seen.issuer}' until ${until}`,
    details: {
      protocol: seen.protocol,
      subject: seen.subject,
      issuer: seen.issuer,
      not_after: until,
      verified: !config.insecureSkipVerify,
    },
  };
  if (config.insecureSkipVerify) {
    const remedy =
      "name the certificate's authority in smtp.root_cas instead of insecure_skip_verify";
    return { ...base, level: "warning", text: `${base.text}, not verified`, remedy };
  }
  if (seen.notAfterMs - Date.now() < DAY_MS) {
    return { ...base, level: "warning", remedy: "renew the mail server's certificate" };
  }
  return { ...base, level: "ok" };
}

function problem(check: string, { error, category }: Refusal, view: SmtpView | undefined): Finding {
  const seen = view?.tls;
  const shown = seen === undefined
    ? ""
    : ` (the server shows '${seen.subject}' by '${seen.issuer}' until ${
      new Date(seen.notAfterMs).toISOString()
    })`;
  const remedy = category !== "tls"
    ? REMEDIES[category]
    : error.includes(NO_TLS_AT_ONCE)
    ? STARTTLS_PORT
    : view !== undefined && seen === undefined
    ? NO_TLS
    : REMEDIES.tls;
  return { check, level: "problem", text: error + shown, remedy };
}

const STARTTLS_PORT =
  "leave out smtp.implicit_tls if the server offers STARTTLS on this port, or " +
  "set smtp.port to its port for implicit TLS (465)";

const NO_TLS = "the server offers no STARTTLS: use its port for implicit TLS (465, " +
  "implicit_tls = true), or, on a network you trust, set starttls_policy to 'opportunistic' or " +
  "'disabled'";

const REMEDIES: Readonly<Record<RefusalCategory, string>> = {
  network:
    "check smtp.host and smtp.port, that the server runs, and that no firewall or provider " +
    "blocks the port",
  tls: "if the authority is private, name it in smtp.root_cas; if the certificate is for another " +
    "name, set smtp.server_name or use that name as smtp.host; if it has expired, have it renewed",
  authentication: "check smtp.username and the password, and whether the server wants an app " +
    "password or another auth_method; without log-in, leave smtp.username out",
  configuration:
    "check smtp.host and smtp.port (587 with STARTTLS, 465 with implicit_tls), and the " +
    "files that [smtp] names",
  "rate-limit": "wait, or lower smtp.max_messages_per_second",
  timeout: "check smtp.port (465 needs implicit_tls), and that no firewall stands between",
  recipient: "look at the mail server's log",
  message: "look at the mail server's log",
  server: "look at the mail server's log",
  cancelled: "try again",
};
