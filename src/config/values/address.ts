import { isIP } from "node:net";

// RFC 5322 §3.2.3 atext, with everything beyond ASCII added (RFC 6532), as in Go's net/mail.
const ATOM = String.raw`[A-Za-z0-9!#$%&'*+\-/=?^_\x60{|}~\u{80}-\u{10ffff}]+`;
const DOT_ATOM = String.raw`${ATOM}(?:\.${ATOM})*`;
const ADDRESS = new RegExp(`^${DOT_ATOM}@(?:${DOT_ATOM}|\\[([^\\[\\]\\\\]*)\\])$`, "u");

/**
 * The original's test of a recipient: Go's `mail.ParseAddress` succeeds and gives the input back
 * (original.md §2.4). So names, angle brackets, spaces, comments and quoted local parts are out.
 * Control, format and unassigned characters are refused, too: they could reorder or hide what an
 * operator reads.
 */
export function isEmailAddress(text: string): boolean {
  const match = ADDRESS.exec(text);
  if (match === null || /\p{C}/u.test(text)) return false;
  const literal = match[1];
  return literal === undefined || isIP(literal) !== 0;
}

/** The part behind the `@`. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}
