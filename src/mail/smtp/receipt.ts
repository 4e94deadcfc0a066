/** Maps nodemailer's errors to refusals. */

import { ClearTextError } from "./clear_text.ts";
import { LoginError } from "./login.ts";
import { TokenError } from "./oauth/error.ts";
import { DialError } from "../../net/dial_error.ts";
import { REMEDIES, TLS_REMEDIES, TOKEN_REMEDY } from "./remedies.ts";
import { judgeReply, parseReply, type SmtpReply } from "./reply.ts";
import type { Row } from "./reply_table.ts";
import { pauseInWords } from "../server_words.ts";
import type { Refusal, RefusalCategory, Retry } from "../transport.ts";
import { reasonOf, singleLine } from "../../text.ts";

/** The circumstances of an attempt, beside its error. */
export interface SmtpAttempt {
  /** `host:port`. */
  readonly target: string;
  readonly secrets: readonly string[];
  /** Sending the content had begun: the server may have accepted the email without a reply. */
  readonly contentStarted: boolean;
  /** The whole attempt timed out. */
  readonly expired: boolean;
  /** The caller cancelled the attempt. */
  readonly cancelled: boolean;
  /** Sender and recipient, which are removed from a reply before it is matched. */
  readonly addresses?: readonly string[];
  readonly nowMs?: number;
  /** Certificates are not verified (`smtp.insecure_skip_verify`). */
  readonly insecure?: boolean;
}

/**
 * The relevant parts of a nodemailer error (decisions/runtime.md, "What nodemailer leaves
 * to its caller").
 */
interface SmtpError {
  readonly code: string;
  readonly command: string;
  readonly replyCode: number | undefined;
  readonly reply: string | undefined;
  readonly systemCode: string;
  readonly message: string;
}

type Verdict = readonly [category: RefusalCategory, retry: Retry];

/** The error for a server that greets in clear text where implicit TLS was expected. */
export const NO_TLS_AT_ONCE = "the server does not use implicit TLS";

const TOKEN_MECHANISMS: readonly string[] = ["XOAUTH2", "OAUTHBEARER"];

/** What a server may repeat of a login in pieces: longer than any word. */
const CREDENTIALS = /[A-Za-z0-9+/=_-]{40,}/g;

/** Maps the error of an attempt to a refusal. Never throws. */
export function smtpRefusal(error: unknown, attempt: SmtpAttempt): Refusal {
  if (error instanceof TokenError && !attempt.cancelled) return withoutToken(error);
  if (error instanceof LoginError && !attempt.cancelled) return withoutLogin(error, attempt);
  const parts = partsOf(error);
  const words = singleLine(explanation(error, parts, attempt), attempt.secrets);
  const text = `${action(parts, attempt)}: ${words}`;
  const reply = replyOf(error, parts, attempt);
  if (reply !== undefined) return refusedBy(judgeReply(reply), reply, text, attempt);
  const [category, retry] = verdict(error, parts, attempt);
  const own = category === "tls" ? tlsRemedy(text) : undefined;
  const remedy = own === undefined ? remedyOf(category) : { remedy: own };
  return { ok: false, category, retry, error: text, ...remedy };
}

function withoutToken({ category, message, details }: TokenError): Refusal {
  const { remedy = REMEDIES.authentication, retryAfterMs } = details;
  return {
    ok: false,
    category,
    retry: "transport",
    error: singleLine(message),
    remedy,
    ...retryAfterMs === undefined ? {} : { retryAfterMs },
  };
}

function withoutLogin(
  { mechanism, words, secrets }: LoginError,
  attempt: SmtpAttempt,
): Refusal {
  const step = mechanism === undefined ? "" : ` during AUTH ${mechanism}`;
  const shown = singleLine(words, [...attempt.secrets, ...secrets]).replace(CREDENTIALS, "***");
  const error = `Cannot log in to SMTP server '${attempt.target}'${step}: ${
    isForeign(words) && mechanism !== undefined ? `not an SMTP server, it says ${shown}` : shown
  }`;
  const code = Number(words.slice(0, 3));
  const remedy = mechanism === undefined || !TOKEN_MECHANISMS.includes(mechanism)
    ? REMEDIES.authentication
    : TOKEN_REMEDY;
  if (mechanism === undefined || !(code >= 400 && code < 600)) {
    const category = mechanism !== undefined && isForeign(words)
      ? "configuration"
      : "authentication";
    return { ok: false, category, retry: "transport", error, remedy };
  }
  const reply = parseReply("AUTH", code, words);
  const row = judgeReply(reply);
  const refusal = refusedBy(row, reply, error, attempt);
  return row.category === "authentication" && row.remedy === undefined
    ? { ...refusal, remedy }
    : refusal;
}

function refusedBy(row: Row, reply: SmtpReply, error: string, attempt: SmtpAttempt): Refusal {
  const { category, retry, pace, remedy } = row;
  const isLimit = category === "rate-limit" || category === "quota";
  const pause = isLimit ? pauseInWords(reply.text, attempt.nowMs ?? Date.now()) : undefined;
  return {
    ok: false,
    category,
    retry,
    error,
    ...remedy === undefined ? remedyOf(category) : { remedy },
    ...pace === undefined ? {} : { pace },
    ...pause === undefined ? {} : { retryAfterMs: pause },
    signature: [reply.step, reply.code, reply.enhanced].join(" ").trim(),
  };
}

function remedyOf(category: RefusalCategory): Pick<Refusal, "remedy"> {
  return category === "cancelled" ? {} : { remedy: REMEDIES[category] };
}

/** The server's reply, if a reply ended the attempt. */
function replyOf(
  error: unknown,
  { code, command, replyCode, reply }: SmtpError,
  attempt: SmtpAttempt,
): SmtpReply | undefined {
  if (attempt.cancelled || attempt.expired || error instanceof DialError) return undefined;
  if (error instanceof ClearTextError || replyCode === undefined || reply === undefined) {
    return undefined;
  }
  if (replyCode < 400 || replyCode > 599 || isForeign(reply)) return undefined;
  // nodemailer names no step for a 421 in the middle of an email.
  const isMailing = code === "ECONNECTION" && command === "CONN" && replyCode === 421;
  return parseReply(isMailing ? "MAIL" : command, replyCode, reply, attempt.addresses);
}

/** The verdict on every failure that is not a server's refusal. */
function verdict(error: unknown, parts: SmtpError, attempt: SmtpAttempt): Verdict {
  if (attempt.cancelled) return ["cancelled", "later"];
  if (attempt.expired) return ["timeout", attempt.contentStarted ? "later" : "transport"];
  if (error instanceof DialError) {
    if (error.why === "cancelled") return ["cancelled", "later"];
    return [error.why === "timeout" ? "timeout" : "network", "transport"];
  }
  if (error instanceof ClearTextError) return ["tls", "transport"];
  // The server does not speak SMTP: probably the wrong port, or a filter in between.
  if (isForeign(parts.reply)) return ["configuration", lost(attempt)];
  switch (parts.code) {
    case "EAUTH":
    case "ENOAUTH":
      return ["authentication", "transport"];
    case "ETLS":
      return ["tls", "transport"];
    case "ETIMEDOUT":
      return ["timeout", lost(attempt)];
    case "EPROTOCOL":
    case "ECONNECTION":
    case "ESOCKET":
      // An unexpected reply that is not a refusal.
      if (parts.replyCode !== undefined) return ["server", "transport"];
      return [isTlsFailure(parts) ? "tls" : "network", lost(attempt)];
    case "EENVELOPE":
    case "EMESSAGE":
      // Such as 250 to DATA: the server is out of sync.
      if (parts.replyCode !== undefined) return ["server", "later"];
      // nodemailer's own checks: an invalid address, or an email above the size that the server
      // announced (RFC 1870).
      if (/sender/i.test(parts.message)) return ["configuration", "transport"];
      return [parts.code === "EENVELOPE" ? "recipient" : "message", "never"];
    default:
      // The pool was closed during the attempt, or a bug of ours: no evidence against the email.
      return ["cancelled", "later"];
  }
}

/**
 * Before the content, a lost connection is no evidence about the email. After it, the server may have
 * accepted the email, or may fail on this email in particular: only this email is retried later, with
 * the same Message-ID.
 */
function lost(attempt: SmtpAttempt): Retry {
  return attempt.contentStarted ? "later" : "transport";
}

function action(parts: SmtpError, attempt: SmtpAttempt): string {
  const server = `SMTP server '${attempt.target}'`;
  if (parts.code === "EAUTH" || parts.code === "ENOAUTH") {
    return `Cannot log in to ${server} during ${parts.command.replace(/^API$/, "AUTH")}`;
  }
  if (attempt.contentStarted || parts.code === "EENVELOPE" || parts.code === "EMESSAGE") {
    const step = /^(CONN|API|)$/.test(parts.command) ? "DATA" : parts.command;
    return `Cannot send mail through ${server} during ${attempt.contentStarted ? "DATA" : step}`;
  }
  const step = /^(CONN|API|)$/.test(parts.command) ? "" : ` during ${parts.command}`;
  return `Cannot connect to ${server}${step}`;
}

function explanation(error: unknown, parts: SmtpError, attempt: SmtpAttempt): string {
  if (attempt.cancelled) return "cancelled";
  if (attempt.expired) return "not finished within the time limit";
  if (error instanceof DialError || error instanceof ClearTextError) return error.message;
  if (parts.reply === undefined) {
    if (attempt.insecure === true && isTlsFailure(parts) && isCertificateFailure(parts)) {
      return WEAK_CERTIFICATE;
    }
    return parts.message
      .replace(/^.*fatal alert: HandshakeFailure.*$/, OUTDATED_CIPHERS)
      .replace(/^.*fatal alert: ProtocolVersion.*$/, OUTDATED_VERSION)
      // nodemailer's error when a new connection is closed before the greeting, twice.
      .replace(/^Reached maximum number of retries.*/, "Connection closed")
      .replace(/^.*\bwrong version number\b.*$/, NO_TLS_AT_ONCE)
      // Deno has one text for three causes that an operator must distinguish.
      .replace(
        /^unable to verify the first certificate$/,
        "the server's certificate has expired, its CA is not known (smtp.root_cas), or its RSA key " +
          "is shorter than 2048 bits",
      );
  }
  return isForeign(parts.reply) ? `not an SMTP server, it says ${parts.reply}` : parts.reply;
}

function isCertificateFailure({ systemCode, message }: SmtpError): boolean {
  return /CERT|VERIFY|ISSUER/.test(systemCode) || /certificate/i.test(message);
}

/** Verification is disabled, so the cause is not the signer. */
const WEAK_CERTIFICATE =
  "the server's certificate cannot be used even without verification: its key is too short " +
  "(RSA below 2048 bits), or its signature algorithm is outdated";
const OUTDATED_CIPHERS =
  "the server refuses the TLS handshake: it offers outdated ciphers only (CBC, RC4, 3DES), " +
  "or wants a client certificate";
const OUTDATED_VERSION = "the server refuses the TLS handshake: it supports only TLS 1.1 or older";

/** The remedy for a failed handshake that a CA file does not fix; undefined for other failures. */
function tlsRemedy(text: string): string | undefined {
  if (text.includes(WEAK_CERTIFICATE)) return TLS_REMEDIES.certificate;
  if (text.includes(OUTDATED_CIPHERS)) return TLS_REMEDIES.ciphers;
  return text.includes(OUTDATED_VERSION) ? TLS_REMEDIES.version : undefined;
}

/** Whether the reply cannot come from an SMTP server. */
function isForeign(reply: string | undefined): boolean {
  return reply !== undefined && !/^[2-5]\d\d/.test(reply);
}

function isTlsFailure(parts: SmtpError): boolean {
  if (/socket disconnected/.test(parts.message)) return false;
  return /CERT|TLS|SSL|ALTNAME|VERIFY|ISSUER/.test(parts.systemCode) ||
    /certificate|\btls\b|\bssl\b|altname|handshake/i.test(parts.message);
}

function partsOf(error: unknown): SmtpError {
  const fields: Readonly<Record<string, unknown>> = error instanceof Error ? { ...error } : {};
  const text = (name: string) => typeof fields[name] === "string" ? fields[name] : "";
  return {
    code: text("code"),
    command: text("command"),
    replyCode: typeof fields["responseCode"] === "number" ? fields["responseCode"] : undefined,
    reply: text("response") || undefined,
    systemCode: text("originalCode"),
    message: reasonOf(error),
  };
}
