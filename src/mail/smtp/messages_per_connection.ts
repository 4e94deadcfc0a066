/**
 * How many messages go over one connection, unless the configuration says so. Most servers take any number,
 * and each new connection costs a handshake and a login.
 */

/** Stock Exim takes 1,000 (smtp_accept_max_per_connection), SendGrid 5,000. */
export const MANY_MESSAGES = 1000;
/** Where the server has a limit. Those that are known to have one take ten at least. */
export const FEW_MESSAGES = 10;

/**
 * Exim's reply to the content of a message. Stock Exim queues what comes after the tenth of a connection
 * until its next queue run (smtp_accept_queue_per_connection).
 */
const EXIM = /^250[ -]OK id=[0-9A-Za-z]+-[0-9A-Za-z]+-[0-9A-Za-z]+/;

const LIMIT = /too many|\bmax|limit|exceed|reached/i;
const PER_CONNECTION =
  /\b(e-?mails?|messages?|mails|transactions?)\b.{0,40}\b(connection|session)\b/i;

/** Whether the server that accepted a message with this reply delays what comes after a few. */
export function delaysAfterFew(reply: string): boolean {
  return EXIM.test(reply);
}

/** Whether the error of a message is a refusal because of those before it on the same connection. */
export function isMessageLimit(error: unknown): boolean {
  const reply = error instanceof Error && "response" in error ? String(error.response) : "";
  return LIMIT.test(reply) && PER_CONNECTION.test(reply);
}
