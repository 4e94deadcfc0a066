/**
 * One mail thread of a request, as the item of `email_threads` in plugin data:
 * `<recipient>/<time>/<message id>`, items joined by `,` (original.md §5.7). Ours percent-encode
 * `/`, `,` and `%` inside recipient and id, which the original does not (original.md D13).
 */

export interface Thread {
  readonly recipient: string;
  /** When the first mail was accepted: RFC 3339 in ours, Go's `time.String()` in the original's. */
  readonly time: string;
  /** Without angle brackets; empty when the original stored none. */
  readonly messageId: string;
  /** The text that was read. It is written back as it is, so that the original can go on with it. */
  readonly stored?: string;
}

/** An address in the original's items may hold `/`, a time never does. */
const TIME_BETWEEN_SLASHES = /^(.*)\/(\d{4}-\d\d-\d\d[ T][^/]*)\/(.*)$/;

/** Reads the whole value. Items that are no thread come back as they are, to be kept. */
export function decodeThreads(
  value: string,
): { readonly threads: readonly Thread[]; readonly foreign: readonly string[] } {
  const threads: Thread[] = [];
  const foreign: string[] = [];
  for (const item of value.split(",")) {
    if (item === "") continue;
    const thread = decodeThread(item);
    if (thread === undefined) foreign.push(item);
    else threads.push(thread);
  }
  return { threads, foreign };
}

function decodeThread(item: string): Thread | undefined {
  const parts = item.split("/");
  const match = TIME_BETWEEN_SLASHES.exec(item);
  const [recipient, time, id] = parts.length === 3 ? parts : match?.slice(1) ?? [];
  if (recipient === undefined || time === undefined || id === undefined) return undefined;
  return {
    recipient: unescapeText(recipient),
    time,
    messageId: unescapeText(id).replace(/^<(.*)>$/, "$1"),
    stored: item,
  };
}

/** Whether the original began the thread: its times are Go's, and its first email refers to nothing. */
export function isOriginalThread({ time }: Thread): boolean {
  return !/^\d{4}-\d\d-\d\dT/.test(time);
}

/** The inverse of {@linkcode decodeThreads}. */
export function encodeThreads(threads: readonly Thread[], foreign: readonly string[]): string {
  return [...foreign, ...threads.map((t) => t.stored ?? encodeThread(t))].join(",");
}

function encodeThread(thread: Thread): string {
  return `${escapeText(thread.recipient)}/${thread.time}/${escapeText(thread.messageId)}`;
}

function escapeText(text: string): string {
  return text.replace(/[%/,]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());
}

/** Only the three escapes that we write are undone: `%41` in an address stays what it is. */
function unescapeText(text: string): string {
  return text.replace(/%(25|2F|2C)/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
