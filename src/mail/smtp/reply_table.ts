/**
 * Maps a server's refusals to verdicts: the first matching row decides. An email is dropped only on
 * positive evidence that this mailbox, or this message, can never be accepted; after any other reply it
 * is retried. The page docs/operate/delivery-errors.md shows this table.
 */

import { CONNECTION_LIMIT, RATE_LIMIT, SENDING_QUOTA } from "../server_words.ts";
import type { RefusalCategory, Retry } from "../transport.ts";

/** The step of the session that was refused; `DATA` is the command or the end of the content. */
export type Step = "greeting" | "EHLO" | "STARTTLS" | "AUTH" | "MAIL" | "RCPT" | "DATA";

/** One row of the table: the reply it matches, and the verdict. */
export interface Row {
  /** The subject of the reply; unique. */
  readonly about: string;
  /** Absent = at every step. */
  readonly at?: readonly Step[];
  /** Reply codes, by regular expression; absent = every code of class 4 and 5. */
  readonly codes?: RegExp;
  /** Enhanced status codes; matched against "" when the server sends none. */
  readonly enhanced?: RegExp;
  /** Matched against the text without addresses, names and quotations. */
  readonly words?: RegExp;
  /** Words that exclude the row. */
  readonly unless?: RegExp;
  readonly category: RefusalCategory;
  readonly retry: Retry;
  /** What the server asks to reduce. */
  readonly pace?: "connections" | "rate";
  /** The remedy, where the category's remedy is too general. */
  readonly remedy?: string;
  /** The standard, manual or report that supports the row. */
  readonly source: string;
}

const SETTING_UP: readonly Step[] = ["greeting", "EHLO", "STARTTLS", "AUTH"];
const MAILING: readonly Step[] = ["MAIL", "RCPT", "DATA"];
const RECIPIENT: readonly Step[] = ["RCPT", "DATA"];

/**
 * "User unknown" and variants. Not "mailbox unavailable", which RFC 5321 also uses for policy, and not
 * "invalid recipient", which OpenSMTPD replies instead of "relaying denied".
 */
const NO_SUCH_USER = new RegExp(
  [
    "(user|recipient|mailbox|address|account)( name)?( is)? unknown",
    "unknown (local |virtual )?(user|recipient|mailbox|address|account|local[ -]?part)",
    "no such (local |virtual )?(user|recipient|mailbox|person|account|address)",
    "(user|recipient|mailbox|account|e-?mail address|address) (was |is |could )?" +
    "(not (be )?found|(does not|doesn'?t|did not) exist)",
    "(not a|isn'?t a|no) (known|valid) (user|recipient|mailbox|account|local user)",
    "no mailbox (here )?(by|with) that name",
  ].join("|"),
  "i",
);

/** Texts about the sender, which are never evidence against a mailbox. */
const ABOUT_SENDER =
  /\bsender\b|\bsending\b|\bfrom (address|header|domain)|\bmail.?from must\b|\bsend ?as|return.?path|envelope.?from|on behalf|not verified|unverified|not owned|\bspf\b|\bdkim\b|\bdmarc\b|\bptr\b|reverse (dns|lookup)|\byour (account|domain|address|mailbox|host|ip|server)\b/i;

/** The sender's DNS records. */
const ABOUT_DNS = /\bspf\b|\bdkim\b|\bdmarc\b|\bptr\b|reverse (dns|lookup)/i;

const ABOUT_LOGIN =
  /authenticat|\bauth\b|\blog ?in\b|\blogin\b|credential|not logged in|pop before smtp/i;

const ABOUT_HELLO =
  /\b(helo|ehlo)\b(?! or )[^.;]*\b(reject|invalid|denied|requir|refus|bad|mismatch|not (allowed|valid|permitted)|must)|\b(invalid|bad|reject\w*|need|fake|forged)\b[^.;]*\b(helo|ehlo)\b|fully.qualified (host ?name|domain)/i;

/** Texts of filters, without the word "content". */
const ABOUT_FILTER =
  /\bspam|virus|malware|phish|\bbulk\b|block(ed|ing|s)?\b|block.?list|black.?list|\brbl\b|dnsbl|reputation|policy|prohibit|suspicious|unsolicited|client host|\bban(ned)?\b|reject(ed)? by|not allowed|denied|abuse/i;

/** Texts of filters, block lists and reputation services. */
const ABOUT_POLICY = anyOf(ABOUT_FILTER, /content/);

/** The server refuses this client's address, whatever is sent. */
const CLIENT_BLOCKED =
  /client host|block.?list|black.?list|\brbl\b|dnsbl|reputation|\bbanned\b|\bip( address)?\b[^.;]*\b(block|list|bann|refus|reject|denied)|\b(block|bann|refus|reject)\w*[^.;]*\b(your|sending) ip\b/i;

const ABOUT_FULL_MAILBOX =
  /(mailbox|quota|account)\b.*\b(full|exceed|over)|over ?quota|insufficient (\w+ )?storage|exceeded storage/i;

const ABOUT_RELAYING =
  /\brelay(?!\s+(recipient|quota))|relaying|rcpthosts|not (a )?(local|hosted) domain|open relay/i;

/**
 * Texts that contradict an enhanced code for a mailbox that does not exist, unless they affirm it, too
 * ("user unknown in relay recipient table").
 */
const NOT_ABOUT_MAILBOX = new RegExp(
  `^(?!.*(${NO_SUCH_USER.source})).*(${
    anyOf(
      ABOUT_SENDER,
      ABOUT_LOGIN,
      ABOUT_RELAYING,
      CLIENT_BLOCKED,
      ABOUT_FULL_MAILBOX,
      RATE_LIMIT,
      SENDING_QUOTA,
      /\bspam|virus|gr[ae]y.?list|\byour ip\b/,
    ).source
  })`,
  "i",
);

const HELLO_REMEDY = "set smtp.hello_name to a fully qualified name that the server accepts";

function anyOf(...patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map(({ source }) => source).join("|"), "i");
}

/**
 * The table, in the order of precedence: the session and the login, then unambiguous enhanced status
 * codes, then words, then the remaining replies by step.
 */
export const ROWS: readonly Row[] = [
  // --- The session -------------------------------------------------------------------------
  {
    about: "EHLO name",
    words: ABOUT_HELLO,
    unless: /\bfirst\b/i,
    category: "configuration",
    retry: "transport",
    remedy: HELLO_REMEDY,
    source: "Postfix postconf(5) smtpd_helo_restrictions with smtpd_delay_reject; alertmanager#473",
  },
  {
    about: "argument of EHLO refused",
    at: ["EHLO"],
    codes: /^50[14]$/,
    category: "configuration",
    retry: "transport",
    remedy: HELLO_REMEDY,
    source: "RFC 5321 §4.1.1.1; sendmail 501 5.0.0 Invalid domain name",
  },
  {
    about: "basic authentication disabled by Microsoft",
    words: /basic authentication is (disabled|not supported)/i,
    category: "authentication",
    retry: "transport",
    remedy:
      'the service takes no passwords any more: set up [smtp.oauth2] with provider = "microsoft"',
    source: "Exchange Online 5.7.139 and 5.7.30; Microsoft Message Center MC786329",
  },
  {
    about: "SMTP AUTH disabled for the tenant or mailbox",
    words: /SmtpClientAuthentication is disabled/i,
    category: "authentication",
    retry: "transport",
    remedy: "allow SMTP AUTH for this mailbox: " +
      "Set-CASMailbox -Identity MAILBOX -SmtpClientAuthenticationDisabled $false",
    source: "Exchange Online 5.7.139, Set-CASMailbox",
  },
  {
    about: "app password required",
    words: /application.specific password|app password/i,
    category: "authentication",
    retry: "transport",
    remedy: "create an app password for the account, or set up [smtp.oauth2]",
    source: "Google Workspace SMTP errors, 534 5.7.9",
  },
  {
    about: "too many connections",
    words: CONNECTION_LIMIT,
    category: "rate-limit",
    retry: "transport",
    pace: "connections",
    source: "Exchange Online 432 4.3.2; Amazon SES 421; Exim smtp_accept_max; Postfix anvil(8)",
  },
  {
    about: "sending quota, before MAIL",
    at: SETTING_UP,
    words: SENDING_QUOTA,
    category: "quota",
    retry: "transport",
    source: "SendGrid 451 Authentication failed: Maximum credits exceeded",
  },
  {
    about: "rate limit, before MAIL",
    at: SETTING_UP,
    words: RATE_LIMIT,
    category: "rate-limit",
    retry: "transport",
    pace: "rate",
    source: "Postfix anvil(8), smtpd_client_auth_rate_limit; sendmail 421 4.3.2",
  },
  {
    about: "encryption required",
    codes: /^5/,
    at: ["AUTH", "MAIL", "RCPT", "DATA"],
    words: /starttls|encryption required|must use (tls|ssl)|tls (is )?required/i,
    category: "tls",
    retry: "transport",
    remedy: 'set smtp.starttls_policy to "mandatory", or use the port for implicit TLS',
    source: "RFC 3207 §4, RFC 4954 §6 (538)",
  },
  {
    about: "server closes the session, before MAIL",
    at: SETTING_UP,
    codes: /^421$/,
    category: "server",
    retry: "transport",
    source: "RFC 5321 §3.8",
  },
  {
    about: "login refused",
    at: ["AUTH"],
    category: "authentication",
    retry: "transport",
    source: "RFC 4954 §4, §6",
  },
  {
    about: "login required",
    codes: /^53[0458]$/,
    category: "authentication",
    retry: "transport",
    source: "RFC 4954 §6",
  },
  {
    about: "login required, by its words",
    at: MAILING,
    codes: /^5/,
    enhanced: /^(5\.7\.(0|1|3|8|11|57)|5\.5\.[0-4]|)$/,
    words:
      /(authenticat\w*|\bauth\b|log ?in) (is )?(required|first|needed)|must (first )?(authenticate|log ?in|issue auth)|not (authenticated|logged in)|please (authenticate|log ?in)|authenticate first|send auth first|need to authenticate|(turn on|enable) (smtp )?auth|without authentication/i,
    category: "authentication",
    retry: "transport",
    source: "Postfix 503 5.5.4 Error: send AUTH first; Exchange 5.7.57; cPanel",
  },
  {
    about: "client address blocked, before MAIL",
    at: ["greeting", "EHLO"],
    codes: /^5/,
    words: ABOUT_POLICY,
    category: "policy",
    retry: "transport",
    source: "RFC 5321 §3.1 (554 greeting); Postfix smtpd_client_restrictions",
  },
  {
    about: "STARTTLS refused",
    at: ["STARTTLS"],
    category: "tls",
    retry: "transport",
    source: "RFC 3207 §4",
  },
  {
    about: "server not available",
    at: SETTING_UP,
    category: "server",
    retry: "transport",
    source: "RFC 5321 §3.1, §4.3.2",
  },

  // --- This mailbox, by code ---------------------------------------------------------------
  {
    about: "rate limit of one mailbox",
    at: RECIPIENT,
    enhanced: /^[45]\.2\.1$/,
    words: RATE_LIMIT,
    category: "recipient",
    retry: "later",
    source: "Google Workspace SMTP errors, 450 4.2.1 and 550 5.2.1",
  },
  {
    about: "no such mailbox, or mailbox disabled",
    at: RECIPIENT,
    codes: /^5/,
    enhanced: /^5\.(1\.([1236]|10)|2\.1)$/,
    unless: anyOf(
      /\bsender (address|verif|domain|unknown)|unknown sender|\byour (account|mailbox)\b/,
      NOT_ABOUT_MAILBOX,
    ),
    category: "recipient",
    retry: "never",
    source: "RFC 3463 §3.2, §3.3; RFC 7505 §4.1 (5.1.10); IANA SMTP Enhanced Status Codes",
  },
  {
    about: "mailbox full",
    at: RECIPIENT,
    enhanced: /^[45]\.2\.2$/,
    category: "recipient",
    retry: "later",
    remedy: "empty the mailbox; on Microsoft 365 it may be the sender's, whose sent mails fill it",
    source: "RFC 3463 §3.3; Exchange Online 554 5.2.2",
  },

  // --- This message, by code ---------------------------------------------------------------
  {
    about: "message too big",
    at: MAILING,
    codes: /^5/,
    enhanced: /^5\.3\.4$/,
    unless: ABOUT_FULL_MAILBOX,
    category: "message",
    retry: "never",
    source: "RFC 3463 §3.4, RFC 1870 §6.1",
  },
  {
    about: "message format",
    at: ["DATA"],
    codes: /^5/,
    enhanced: /^5\.6\.\d+$/,
    unless: anyOf(
      ABOUT_FILTER,
      /content\b.*\b(reject|refus|filter)/,
      ABOUT_SENDER,
      RATE_LIMIT,
      SENDING_QUOTA,
    ),
    category: "message",
    retry: "never",
    source: "RFC 3463 §3.7",
  },
  {
    about: "message too big, by its words",
    at: ["MAIL", "DATA"],
    codes: /^552$/,
    enhanced: /^(5\.[03]\.0|)$/,
    words: /message\b.*\b(too (big|large|long)|size)|size\b.*\bexceed|exceed\w*\b.*\bsize/i,
    unless: /mailbox|quota|storage/i,
    category: "message",
    retry: "never",
    source: "RFC 1870 §6.1; Amazon SES 552 Message is too long",
  },

  {
    about: "message too big for the mailbox",
    at: MAILING,
    codes: /^5/,
    enhanced: /^5\.2\.3$/,
    category: "message",
    retry: "later",
    source: "RFC 3463 §3.3",
  },

  // --- The account and the moment ----------------------------------------------------------
  {
    about: "sending quota",
    at: MAILING,
    enhanced: /^5\.(4\.5|7\.(233|705))$/,
    category: "quota",
    retry: "transport",
    source: "Google Workspace 550 5.4.5; Exchange Online 5.7.233, 5.7.705",
  },
  {
    about: "rate limit of Exchange Online",
    at: MAILING,
    enhanced: /^[45]\.7\.(500|508)$/,
    category: "rate-limit",
    retry: "later",
    pace: "rate",
    source: "Exchange Online 451 4.7.500, 550 5.7.508",
  },
  {
    about: "sending quota, by its words",
    at: MAILING,
    words: SENDING_QUOTA,
    unless: /mailbox|over ?quota|storage|\bsize\b/i,
    category: "quota",
    retry: "transport",
    source: "cPanel, GoDaddy (nodemailer#1137), zotonic#3508, Amazon SES 454, Mailgun 421",
  },
  {
    about: "rate limit, by its words",
    at: MAILING,
    words: RATE_LIMIT,
    category: "rate-limit",
    retry: "later",
    pace: "rate",
    source: "izmjs#26; Postfix anvil(8) 450 4.7.1; Google Workspace 421 4.7.28",
  },

  // --- 4xx: the server asks for patience, whatever it says -----------------------------------
  {
    about: "sender, temporary",
    at: MAILING,
    codes: /^4/,
    words: anyOf(/sender (address|domain|verif)/, ABOUT_DNS),
    unless: /gr[ae]y|deferred/i,
    category: "sender",
    retry: "later",
    source: "Postfix reject_unknown_sender_domain, 450 4.1.8",
  },
  {
    about: "server closes the session",
    codes: /^421$/,
    category: "server",
    retry: "transport",
    source: "RFC 5321 §3.8",
  },
  {
    about: "temporary failure",
    codes: /^4/,
    category: "server",
    retry: "later",
    source: "RFC 5321 §4.2.1",
  },

  // --- This client's address ------------------------------------------------------------------
  {
    about: "client address blocked, at MAIL",
    at: ["MAIL"],
    words: CLIENT_BLOCKED,
    unless: ABOUT_DNS,
    category: "policy",
    retry: "transport",
    source: "Postfix reject_rbl_client; Exchange Online 5.7.606 to 5.7.649",
  },
  {
    about: "client address blocked",
    at: RECIPIENT,
    words: CLIENT_BLOCKED,
    unless: ABOUT_DNS,
    category: "policy",
    retry: "later",
    source: "Postfix reject_rbl_client; Exchange Online 5.7.511, 5.7.606 to 5.7.649",
  },

  // --- The sender --------------------------------------------------------------------------
  {
    about: "sender, at MAIL",
    at: ["MAIL"],
    enhanced: /^5\.[17]\.\d+$/,
    category: "sender",
    retry: "transport",
    source: "RFC 3463 §3.2; Exchange Online 5.7.60",
  },
  {
    about: "sender, at MAIL, by its words",
    at: ["MAIL"],
    words: ABOUT_SENDER,
    category: "sender",
    retry: "transport",
    source: "RFC 5321 §3.3",
  },
  {
    about: "sender, SPF, DKIM or DMARC",
    at: RECIPIENT,
    enhanced: /^5\.(1\.[78]|2\.252|7\.(2\d|60|509|515|750))$/,
    category: "sender",
    retry: "later",
    source: "RFC 3463 §3.2, RFC 7372 §3.2, RFC 7489; Exchange Online 5.7.509, 5.7.60, 5.2.252",
  },
  {
    about: "sender, by its words",
    at: RECIPIENT,
    words: ABOUT_SENDER,
    category: "sender",
    retry: "later",
    source: "Postfix reject_sender_login_mismatch; Amazon SES 554; sympa#1843, simple-login#1556",
  },

  // --- The rest, by words and step ----------------------------------------------------------
  {
    about: "bad sequence of commands",
    at: RECIPIENT,
    codes: /^503$/,
    category: "server",
    retry: "later",
    source: "RFC 5321 §4.2.2",
  },
  {
    about: "parameter of MAIL not supported",
    at: ["MAIL"],
    codes: /^(501|504|552|555)$/,
    category: "configuration",
    retry: "later",
    source: "RFC 5321 §4.1.1.11",
  },
  {
    about: "MAIL refused, unknown reason",
    at: ["MAIL"],
    category: "configuration",
    retry: "transport",
    source: "RFC 5321 §3.3",
  },
  {
    about: "mailbox full, by its code",
    at: ["RCPT"],
    codes: /^552$/,
    category: "recipient",
    retry: "later",
    source: "RFC 5321 §4.5.3.1.10",
  },
  {
    about: "mailbox full, by its words",
    at: RECIPIENT,
    words: ABOUT_FULL_MAILBOX,
    category: "recipient",
    retry: "later",
    source: "RFC 5321 §4.2.2",
  },
  {
    about: "relaying denied",
    at: RECIPIENT,
    words: ABOUT_RELAYING,
    category: "configuration",
    retry: "later",
    remedy: "let the server relay for this client: by login (smtp.username) or by its address",
    source: "Postfix 554 5.7.1 Relay access denied; qmail rcpthosts",
  },
  {
    about: "account not authorized",
    at: RECIPIENT,
    words: anyOf(/permission|unauthori[sz]ed|not authori[sz]ed/, ABOUT_LOGIN),
    category: "configuration",
    retry: "later",
    remedy: "check what the account of smtp.username may send, and to whom",
    source: "Amazon SES 554 Access denied; Exchange 5.7.1",
  },
  {
    about: "no such mailbox, by its words",
    at: ["RCPT"],
    codes: /^55[0134]$/,
    enhanced: /^(5\.[01235]\.0|)$/,
    words: NO_SUCH_USER,
    unless: anyOf(ABOUT_POLICY, /temporar|try again|later/),
    category: "recipient",
    retry: "never",
    source: "RFC 5321 §4.2.3; Postfix, Exim, sendmail and qmail without enhanced codes",
  },
  {
    about: "syntax error",
    at: RECIPIENT,
    codes: /^(50[0-4]|555)$/,
    category: "configuration",
    retry: "later",
    source: "RFC 5321 §4.2.2",
  },
  {
    about: "policy, or unknown reason",
    at: RECIPIENT,
    category: "policy",
    retry: "later",
    source: "RFC 5321 §4.2.2, RFC 3463 §3.8",
  },
];
