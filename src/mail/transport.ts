/** What every mail transport takes and gives back. */

/** A mailbox as in RFC 5322 §3.4: an address with an optional display name. */
export interface Mailbox {
  readonly name?: string;
  readonly address: string;
}

/** One mail to one recipient, ready to send. */
export interface MailMessage {
  /** Message-ID without angle brackets; the same for every attempt to send the same mail. */
  readonly messageId: string;
  readonly from: Mailbox;
  readonly to: string;
  readonly replyTo?: Mailbox;
  readonly subject: string;
  /** Message-ID (no brackets) of the first mail of the thread; becomes In-Reply-To. */
  readonly inReplyTo?: string;
  /**
   * Message-IDs (no brackets) by which mail clients group a thread, the oldest first. Absent = that of
   * `inReplyTo` alone.
   */
  readonly references?: readonly string[];
  readonly date: Date;
  readonly text: string;
  readonly html?: string;
  /** What the email shares with those to other recipients: `text` and `html` are not filled in yet. */
  readonly shared?: SharedPart;
}

/** `text` and `html` of a message are those of `words`, with a slot in place of `insert`. */
export interface SharedPart {
  /** The same object for all recipients, whose emails have the same sender and subject, too. */
  readonly words: SlotWords;
  readonly insert: string;
}

export interface SlotWords {
  readonly slot: string;
  readonly text: string;
  readonly html?: string;
  /** What a transport has built of the words, by a key of its own. */
  readonly built: Map<string, unknown>;
}

/** The text and the HTML of an email, filled in. A transport that builds the shared part once needs neither. */
export function wordsOf(
  { text, html, shared }: MailMessage,
): { readonly text: string; readonly html?: string } {
  const filled = (words: string) =>
    shared === undefined ? words : words.replaceAll(shared.words.slot, () => shared.insert);
  return { text: filled(text), ...(html === undefined ? {} : { html: filled(html) }) };
}

/**
 * When a refused mail may be tried again. `later`: this mail, after a pause. `never`: it will not be
 * accepted. `transport`: nothing can be sent at the moment; says nothing about this mail.
 */
export type Retry = "later" | "never" | "transport";

/**
 * What a refusal is about.
 * - `network`, `tls`, `timeout`: the connection
 * - `authentication`: the login, or the access token
 * - `configuration`: what the operator has set, such as the name in EHLO
 * - `rate-limit`: mails or connections come too fast
 * - `quota`: what the account may send in an hour, day or month is used up
 * - `sender`: the sender's address, SPF, DKIM or DMARC
 * - `policy`: block lists, filters, or a refusal without a known reason
 * - `recipient`, `message`: this mailbox, this mail
 * - `server`: the server's own trouble
 * - `cancelled`: the caller ended the attempt
 */
export type RefusalCategory =
  | "network"
  | "tls"
  | "authentication"
  | "configuration"
  | "rate-limit"
  | "quota"
  | "sender"
  | "policy"
  | "timeout"
  | "recipient"
  | "message"
  | "server"
  | "cancelled";

/** The outcome of one attempt. Expected failures are values, never exceptions. */
export type Receipt =
  | {
    readonly ok: true;
    /** The id under which the mail was really sent, without angle brackets. */
    readonly messageId: string;
    /** The server's words. */
    readonly response: string;
  }
  | Refusal;

export interface Refusal {
  readonly ok: false;
  readonly category: RefusalCategory;
  readonly retry: Retry;
  /** What the server asked for (Retry-After), in milliseconds. */
  readonly retryAfterMs?: number;
  /** One line: failed step, target, the server's words. Never a secret. */
  readonly error: string;
  /** What the operator can do, in one sentence. Absent where there is nothing to do. */
  readonly remedy?: string;
  /** The service asks for fewer connections, or for fewer mails a second. */
  readonly pace?: "connections" | "rate";
  /**
   * Equal for refusals of the same kind, such as `RCPT 550 5.7.1`: when several recipients in a row meet
   * it, it concerns the transport. Absent where no server has answered.
   */
  readonly signature?: string;
}

export interface MailTransport extends AsyncDisposable {
  /** How many mails may be under way at once, at least 1. */
  readonly maxConnections: number;
  /** Messages per second, absent when unlimited. */
  readonly maxMessagesPerSecond?: number;
  /**
   * Sends one mail. Never rejects; aborting `signal` gives category `cancelled`, retry `later`. So does
   * `mayStart`, which is called immediately before the content is sent, when it returns false: the mail
   * may have waited for a connection for minutes. Default: it may.
   */
  send(message: MailMessage, signal: AbortSignal, mayStart?: () => boolean): Promise<Receipt>;
  /**
   * Connects and authenticates without sending a mail. Absent where the service has no such call.
   * An accepted receipt has an empty `messageId`.
   */
  verify?(signal: AbortSignal): Promise<Receipt>;
}
