/** What a server's reply to MAIL, RCPT or DATA means for the mail (RFC 5321 §4.2, RFC 3463). */

import type { RefusalCategory, Retry } from "../transport.ts";

type Verdict = readonly [category: RefusalCategory, retry: Retry];

/** Authentication required, mechanism too weak, credentials invalid, encryption needed (RFC 4954 §6). */
const AUTHENTICATION_CODES = [530, 534, 535, 538];

/**
 * Words by which servers that check the sender only at RCPT or DATA (SES, Office 365, Postfix with
 * `smtpd_delay_reject`) say that we may not send as we do, or not from where we are. An operator can
 * mend that, so these mails wait instead of being lost.
 */
const ABOUT_SENDER =
  /relay|send\s*as|sender|not verified|not owned|permission|unauthori[sz]ed|authenticat|client host|block ?list|blacklist|blocked using/i;

/** A full mailbox by its enhanced code, under whatever code it comes (RFC 3463 §3.3). */
const MAILBOX_FULL = /^\d{3}[ -][45]\.2\.2\b/;

/** Decides about a 4xx or 5xx reply but 421; `command` is nodemailer's name of the step. */
export function judgeReply(command: string, code: number, reply: string): Verdict {
  if (AUTHENTICATION_CODES.includes(code)) return ["authentication", "transport"];
  if (code < 500) return ["server", "later"];
  // Bad sequence: the session was in the wrong state, another one will not be.
  if (code === 503 && command !== "MAIL FROM") return ["server", "later"];
  if (command === "MAIL FROM") return judgeSender(code);
  if (MAILBOX_FULL.test(reply)) return ["recipient", "later"];
  if (command === "RCPT TO") {
    // A full mailbox; clients should treat it as 452 (RFC 5321 §4.5.3.1.10).
    if (code === 552) return ["recipient", "later"];
    return ABOUT_SENDER.test(reply) ? ["configuration", "later"] : ["recipient", "never"];
  }
  if (code === 552) return ["message", "never"];
  return ABOUT_SENDER.test(reply) ? ["configuration", "later"] : ["message", "never"];
}

/**
 * All mails have the same sender, so a refused one concerns the configuration: everything waits,
 * nothing is charged to a mail, readiness tells why. Exceptions are the parameters that differ
 * from mail to mail: SIZE (552), SMTPUTF8 and BODY (501, 504, 555).
 */
function judgeSender(code: number): Verdict {
  if (code === 552) return ["message", "never"];
  if ([501, 504, 555].includes(code)) return ["message", "later"];
  return ["configuration", "transport"];
}
