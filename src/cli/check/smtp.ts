/** The SMTP server: connection, encryption, login. */

import { formatAddress } from "../../net/address.ts";
import type { SmtpConfig } from "../../config/config.ts";
import { silentLog } from "../../log.ts";
import { domainOf, needsSmtpUtf8 } from "../../mail/address.ts";
import { openTokenSource } from "../../mail/smtp/oauth/open.ts";
import { createSmtpTransport } from "../../mail/smtp/transport.ts";
import { probeSmtp, type SmtpView } from "../../mail/smtp/probe.ts";
import { NO_TLS_AT_ONCE } from "../../mail/smtp/receipt.ts";
import { REMEDIES, UTF8_REMEDIES } from "../../mail/smtp/remedies.ts";
import type { Receipt, Refusal } from "../../mail/transport.ts";
import { isoTime } from "../../text.ts";
import { dial, lookupAll } from "../../net/dial.ts";
import { DialError } from "../../net/dial_error.ts";
import { smtpOptions } from "../../daemon/transport.ts";
import { type Finding, timed } from "./finding.ts";
import { checkLimits } from "./limits.ts";
import { checkToken } from "./token.ts";

const CONNECT_MS = 10_000;
/** An operator waits for a check; the daemon is more patient (`smtp.timeout`). */
const IMPATIENT = { greetingMs: 20_000, sendMs: 20_000 };
/** Automatic renewal has replaced a certificate by then. */
const DAY_MS = 86_400_000;

/** Checks the server step by step, up to the login; sends nothing. */
export async function* checkSmtp(config: SmtpConfig, sender: string): AsyncGenerator<Finding> {
  const { host, port, auth } = config;
  const { signal } = new AbortController();
  yield* checkLimits(config);
  const reached = await reach(host, port, signal);
  yield reached;
  const options = smtpOptions(config, domainOf(sender));
  using source = options.auth !== undefined && "oauth" in options.auth
    ? openTokenSource(options.auth, silentLog)
    : undefined;
  // Without a token there is no login, but everything before it can be checked.
  const token = source === undefined || auth === undefined || !("oauth2" in auth)
    ? undefined
    : await checkToken(auth.username, auth.oauth2, source.tokens);
  if (token !== undefined) yield token;
  if (reached.level === "problem") return;
  let isWithoutLogin = false;
  await using transport = createSmtpTransport(options, {
    timeouts: IMPATIENT,
    log: { warn: () => isWithoutLogin = true },
    ...source === undefined ? {} : { tokens: source.tokens },
  });
  const { value: receipt, tookMs } = await timed<Receipt>(async () =>
    await transport.verify?.(signal) ?? { ok: true, messageId: "", response: "" }
  );
  const failure = receipt.ok ? undefined : receipt;
  const isBeforeLogin = failure !== undefined && failure.category !== "tls" &&
    failure.category !== "authentication";
  if (isBeforeLogin && token?.level !== "problem") {
    yield problem("mail.connect", failure, undefined);
    return;
  }
  // Without it the server's certificate remains unknown, and the receipt says why.
  const view = await probeSmtp(options, signal).catch(() => undefined);
  yield tls(config, failure, view);
  if (failure?.category === "tls") return;
  if (needsSmtpUtf8(sender) && view !== undefined && !view.extensions.includes("SMTPUTF8")) {
    yield {
      check: "mail.connect",
      level: "problem",
      text: `the server does not offer SMTPUTF8, which the sender '${sender}' needs`,
      remedy: UTF8_REMEDIES.sender,
    };
  }
  const check = "mail.login";
  if (token?.level === "problem") {
    yield { check, level: "skipped", text: "not tried: there is no access token" };
  } else if (failure !== undefined) yield problem(check, failure, undefined);
  else if (auth === undefined) {
    yield { check, level: "skipped", text: "none: smtp.username is not set" };
  } else if (isWithoutLogin) {
    yield {
      check,
      level: "warning",
      text: "none: the server offers no supported login mechanism, emails are sent without login",
      remedy: "remove smtp.username, or set smtp.require_auth to send nothing without login",
    };
  } else yield { check, level: "ok", text: `as '${auth.username}'`, tookMs };
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
    const text = `'${formatAddress({ host, port })}' can be reached at ${value}`;
    return { check, level: "ok", text, tookMs, details: { host, port, address: value } };
  }
  const text = `Cannot connect to SMTP server '${formatAddress({ host, port })}': ${value.message}`;
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
    const secret = config.auth === undefined
      ? ""
      : `, and so are user name and ${"oauth2" in config.auth ? "access token" : "password"}`;
    const text = view === undefined
      ? "unknown: the connection failed"
      : `none: emails and replies are sent in clear text${secret}`;
    const remedy = "use a server with STARTTLS or implicit TLS, or keep it on a network you trust";
    return { check, level: "warning", text, remedy };
  }
  const until = isoTime(seen.notAfterMs);
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
    const remedy = "name the certificate's CA in smtp.root_cas instead of insecure_skip_verify";
    return { ...base, level: "warning", text: `${base.text}, not verified`, remedy };
  }
  if (seen.notAfterMs - Date.now() < DAY_MS) {
    return { ...base, level: "warning", remedy: "renew the mail server's certificate" };
  }
  return { ...base, level: "ok" };
}

function remedyOf(remedy: string | undefined): Pick<Finding, "remedy"> {
  return remedy === undefined ? {} : { remedy };
}

function problem(check: string, refusal: Refusal, view: SmtpView | undefined): Finding {
  const { error, category } = refusal;
  const seen = view?.tls;
  const shown = seen === undefined
    ? ""
    : ` (the server shows '${seen.subject}' by '${seen.issuer}' until ${isoTime(seen.notAfterMs)})`;
  const remedy = category !== "tls"
    ? refusal.remedy
    : error.includes(NO_TLS_AT_ONCE)
    ? STARTTLS_PORT
    : view !== undefined && seen === undefined
    ? NO_TLS
    : refusal.remedy;
  return { check, level: "problem", text: error + shown, ...remedyOf(remedy) };
}

const STARTTLS_PORT =
  "leave out smtp.implicit_tls if the server offers STARTTLS on this port, or " +
  "set smtp.port to its port for implicit TLS (465)";

const NO_TLS = "the server offers no STARTTLS: use its port for implicit TLS (465, " +
  "implicit_tls = true), or, on a network you trust, set starttls_policy to 'opportunistic' or " +
  "'disabled'";
