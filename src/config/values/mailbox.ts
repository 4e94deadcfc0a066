import { addressParser, decodeWords } from "postal-mime";
import { isEmailAddress } from "./address.ts";

/** An address with an optional display name, as `sender` and `reply_to` carry it. */
export interface Mailbox {
  readonly name?: string;
  readonly address: string;
}

/**
 * Reads `a@b`, `<a@b>`, `Name <a@b>`, `"Last, First" <a@b>` and `a@b (Name)` (RFC 5322 §3.4);
 * `undefined` for anything else. Encoded words (RFC 2047) of the name are decoded: with the original
 * they were the only way to a non-ASCII name, so files in use have them.
 */
export function parseMailbox(text: string): Mailbox | undefined {
  const trimmed = text.trim();
  if (isEmailAddress(trimmed)) return { address: trimmed };
  // The parser guesses at what a file should rather write down, and folds line breaks.
  if (!/[>)]$/.test(trimmed) || /\p{Cc}/u.test(trimmed)) return undefined;
  const [mailbox, ...others] = addressParser(trimmed);
  const { address } = mailbox ?? {};
  if (others.length > 0 || address === undefined || !isEmailAddress(address)) return undefined;
  const name = decodeWords(mailbox?.name ?? "");
  // A line break in a decoded word would end the header that the name goes into.
  if (/\p{Cc}/u.test(name)) return undefined;
  return name === "" ? { address } : { name, address };
}
