/** The one place that knows nodemailer's errors and turns them into refusals. */

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

/** What is known about an attempt beside its error. */
export interface SmtpAttempt {
  /** `host:port`. */
  readonly target: string;
  readonly secrets: readonly string[];
  /** The content was on its way: the server may have the mail although it did not say so. */
  readonly contentStarted: boolean;
  /** The time limit of the whole attempt is over. */
  readonly expired: boolean;
  /** The caller gave up. */
  readonly cancelled: boolean;
  /** Sender and recipient, whose parts in a reply say nothing. */
  readonly addresses?: readonly string[];
  readonly nowMs?: number;
  /** Certificates are not verified (`smtp.insecure_skip_verify`). */
  readonly insecure?: boolean;
}

/**
 * The parts of a nodemailer error that matter here (decisions/runtime.md, "What nodemailer leaves
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

/** What a server is told of that greets in the clear where TLS was to begin at once. */
export const NO_TLS_AT_ONCE = "the server does not begin with TLS";

const TOKEN_MECHANISMS: readonly string[] = ["XOAUTH2", "OAUTHBEARER"];

/** What a server may repeat of a login in pieces: longer than any word. */
const CREDENTIALS = /[A-Za-z0-9+/=_-]{40,}/g;

/** Turns whatever an attempt failed with into a refusal; never throws. */
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
    isForeign(words) && mechanism !== undefined ? `no SMTP server, it says ${shown}` : shown
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

/** The server's refusal, where that is what ended the attempt. */
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
  // nodemailer names no step for a 421 that comes in the middle of a mail.
  const isMailing = code === "ECONNECTION" && command === "CONN" && replyCode === 421;
  return parseReply(isMailing ? "MAIL" : command, replyCode, reply, attempt.addresses);
}

/** For all that is not a server's refusal. */
function verdict(error: unknown, parts: SmtpError, attempt: SmtpAttempt): Verdict {
  if (attempt.cancelled) return ["cancelled", "later"];
  if (attempt.expired) return ["timeout", attempt.contentStarted ? "later" : "transport"];
  if (error instanceof DialError) {
    if (error.why === "cancelled") return ["cancelled", "later"];
    return [error.why === "timeout" ? "timeout" : "network", "transport"];
  }
  if (error instanceof ClearTextError) return ["tls", "transport"];
  // Something answers, but not with SMTP: most likely the wrong port, or a filter in between.
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
      // A reply that is not a refusal, where none was due.
      if (parts.replyCode !== undefined) return ["server", "transport"];
      return [isTlsFailure(parts) ? "tls" : "network", lost(attempt)];
    case "EENVELOPE":
    case "EMESSAGE":
      // Such as 250 to DATA: the server is out of step.
      if (parts.replyCode !== undefined) return ["server", "later"];
      // nodemailer's own checks: an address it does not put into a command, or a mail above the
      // size that the server announced (RFC 1870).
      if (/sender/i.test(parts.message)) return ["configuration", "transport"];
      return [parts.code === "EENVELOPE" ? "recipient" : "message", "never"];
    default:
      // The pool was closed under the mail, or a fault of ours: nothing against the mail.
      return ["cancelled", "later"];
  }
}

/**
 * Before the content a lost connection says nothing about the mail. After it the server may have
 * accepted the mail, or this very mail may be what it stumbles over: only this mail waits, and
 * comes again with the same Message-ID.
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
  if (attempt.expired) return "no end within the time limit";
  if (error instanceof DialError || error instanceof ClearTextError) return error.message;
  if (parts.reply === undefined) {
    if (attempt.insecure === true && isTlsFailure(parts) && isCertificateFailure(parts)) {
      return WEAK_CERTIFICATE;
    }
    return parts.message
      .replace(/^.*fatal alert: HandshakeFailure.*$/, OUTDATED_CIPHERS)
      .replace(/^.*fatal alert: ProtocolVersion.*$/, OUTDATED_VERSION)
      // What nodemailer says when a fresh connection is closed before the greeting, twice.
      .replace(/^Reached maximum number of retries.*/, "Connection closed")
      .replace(/^.*\bwrong version number\b.*$/, NO_TLS_AT_ONCE)
      // Deno's only words for two things that an operator has to tell apart.
      .replace(
        /^unable to verify the first certificate$/,
        "the server's certificate has expired, or its authority is not known (smtp.root_cas)",
      );
  }
  return isForeign(parts.reply) ? `no SMTP server, it says ${parts.reply}` : parts.reply;
}

function isCertificateFailure({ systemCode, message }: SmtpError): boolean {
  return /CERT|VERIFY|ISSUER/.test(systemCode) || /certificate/i.test(message);
}

/** Verification is off, so that it is not the signer that is wrong. */
const WEAK_CERTIFICATE =
  "the server's certificate cannot be used even without verification: its key is too short " +
  "(RSA below 2048 bits), or its signature is of an outdated kind";
const OUTDATED_CIPHERS =
  "the server refuses the TLS handshake: it offers outdated ciphers only (CBC, RC4, 3DES), " +
  "or wants a client certificate";
const OUTDATED_VERSION = "the server refuses the TLS handshake: it speaks TLS 1.1 or older only";

/** What cures a failed handshake that no CA file cures. */
function tlsRemedy(text: string): string | undefined {
  if (text.includes(WEAK_CERTIFICATE)) return TLS_REMEDIES.certificate;
  if (text.includes(OUTDATED_CIPHERS)) return TLS_REMEDIES.ciphers;
  return text.includes(OUTDATED_VERSION) ? TLS_REMEDIES.version : undefined;
}

/** Whether something was said that no SMTP server says. */
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
