import { isEmailAddress } from "./address.ts";

/** An address with an optional display name, as `sender` and `reply_to` carry it. */
export interface Mailbox {
  readonly name?: string;
  readonly address: string;
}

/**
 * Reads `a@b`, `<a@b>`, `Name <a@b>`, `"Last, First" <a@b>` and `a@b (Name)` (RFC 5322 §3.4);
 * `undefined` for anything else.
 */
export function parseMailbox(text: string): Mailbox | undefined {
  const trimmed = text.trim();
  if (isEmailAddress(trimmed)) return { address: trimmed };
  const commented = /^(\S+)\s*\(([^()\\\r\n]*)\)$/.exec(trimmed);
  if (commented !== null) return mailbox(commented[2]?.trim() ?? "", commented[1] ?? "");
  const bracketed = /^(.*?)\s*<\s*([^<>\s]*)\s*>$/s.exec(trimmed);
  if (bracketed === null) return undefined;
  const name = parsePhrase(bracketed[1] ?? "");
  return name === undefined ? undefined : mailbox(name, bracketed[2] ?? "");
}

function mailbox(name: string, address: string): Mailbox | undefined {
  if (!isEmailAddress(address)) return undefined;
  const decoded = decodeWords(name);
  // A line break in a decoded word would end the header that the name goes into.
  if (/\p{Cc}/u.test(decoded)) return undefined;
  return decoded === "" ? { address } : { name: decoded, address };
}

/** Words and quoted strings, joined by one space. */
function parsePhrase(text: string): string | undefined {
  const words: string[] = [];
  let rest = text.trimStart();
  while (rest !== "") {
    const match = /^(?:"((?:[^"\\]|\\.)*)"|([^\s"(),:;<>@[\\\]]+))\s*/s.exec(rest);
    if (match === null) return undefined;
    words.push(match[1]?.replace(/\\(.)/gs, "$1") ?? match[2] ?? "");
    rest = rest.slice(match[0].length);
  }
  return words.join(" ");
}

/**
 * Decodes RFC 2047 words. With the original they were the only way to a non-ASCII name, so files
 * in use have them; our mails would otherwise show them as they stand.
 */
function decodeWords(text: string): string {
  const adjacent = /(=\?[^?\s]+\?[bqBQ]\?[^?\s]*\?=)\s+(?==\?[^?\s]+\?[bqBQ]\?[^?\s]*\?=)/g;
  return text.replace(adjacent, "$1").replace(
    /=\?([^?\s]+)\?([bqBQ])\?([^?\s]*)\?=/g,
    (word, charset: string, encoding: string, data: string) => {
      try {
        const bytes = encoding.toLowerCase() === "b" ? atob(data) : unquote(data);
        return new TextDecoder(charset, { fatal: true })
          .decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
      } catch {
        return word;
      }
    },
  );
}

/** RFC 2047 §4.2. */
function unquote(data: string): string {
  return data.replaceAll("_", " ").replace(
    /=([0-9A-Fa-f]{2})/g,
    (_, hex: string) => String.fromCharCode(parseInt(hex, 16)),
  );
}
