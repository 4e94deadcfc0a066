/** `email.local`, with RFC 5322 addresses as Go's `net/mail` reads them. */

import { firstInvalidByte, quote, quoteRune, runeAt, toByteString } from "../byte_string.ts";
import type { StringSet } from "../values.ts";
import { evaluateError } from "./signature.ts";

/**
 * The part before the first `@` of every address, without quotes.
 * @throws {ConditionError} `email` for the first, in alphabetical order, that is not an address.
 */
export function emailLocal(addresses: StringSet): StringSet {
  const locals = new Set<string>();
  // The original names a random one.
  for (const address of [...addresses].sort()) {
    if (address === "") throw evaluateError("email", 'found empty "email.local" argument');
    try {
      const spec = new AddressParser(address).parseSingle();
      locals.add(spec.slice(0, spec.indexOf("@")));
    } catch (error) {
      if (!(error instanceof MailError)) throw error;
      throw evaluateError(
        "email",
        `failed to parse "email.local" argument ${quote(address)}: ${error.message}`,
      );
    }
  }
  return locals;
}

/** What Go's parser says of a text that is not an address. */
class MailError extends Error {}

function fail(message: string): never {
  throw new MailError(message);
}

const BLANKS = /^[ \t]+/;
/** RFC 5322 §3.2.3, with any character beyond ASCII (RFC 6532) and the dot. */
const ATOM = /^[!#-'*+\-./0-9=?A-Z^-~\x80-\xff]+/;
const DOMAIN_TEXT = /^[!-Z^-~\x80-\xff]*/;
const ENCODED_WORD = /^=\?([^?]+)\?([bq])\?([^?]*)\?=$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const Q_ENCODED = /^(?:[ -<>-~]|=[0-9A-Fa-f]{2})*$/;

/** Reads addresses, without their names, from the begin of a byte string. */
class AddressParser {
  constructor(private rest: string) {}

  /** @throws {MailError} */
  parseSingle(): string {
    const addresses = this.#parseAddress(true);
    this.#skipComments();
    if (this.rest !== "") fail(`mail: expected single address, got ${quote(this.rest)}`);
    const [address] = addresses;
    if (address === undefined) fail("mail: empty group");
    if (addresses.length > 1) fail("mail: group with multiple addresses");
    return address;
  }

  /** A mailbox; or a group, where one may stand. */
  #parseAddress(mayBeGroup: boolean): readonly string[] {
    this.#skipBlanks();
    if (this.rest === "") fail("mail: no address");
    const spec = this.#tryAddrSpec();
    if (spec !== undefined) {
      this.#skipBlanks();
      if (this.rest.startsWith("(")) this.#readNameComment();
      return [spec];
    }
    const name = this.rest.startsWith("<") ? "" : this.#readPhrase();
    this.#skipBlanks();
    if (mayBeGroup && this.#take(":")) return this.#readGroup();
    if (!this.#take("<")) {
      const looksLikeLocalPart = name === "" || ATOM.exec(name)?.[0] === name;
      fail(looksLikeLocalPart ? "mail: missing '@' or angle-addr" : "mail: no angle-addr");
    }
    const bracketed = this.#readAddrSpec();
    if (!this.#take(">")) fail("mail: unclosed angle-addr");
    return [bracketed];
  }

  /** The members of a group, behind its colon. */
  #readGroup(): readonly string[] {
    const members: string[] = [];
    this.#skipBlanks();
    while (!this.#take(";")) {
      if (members.length > 0 && !this.#take(",")) fail("mail: expected comma");
      this.#skipBlanks();
      members.push(...this.#parseAddress(false));
      this.#skipComments();
    }
    this.#skipComments();
    return members;
  }

  /** `local@domain`; undefined, and nothing read, when there is none. */
  #tryAddrSpec(): string | undefined {
    const before = this.rest;
    try {
      return this.#readAddrSpec();
    } catch (error) {
      if (!(error instanceof MailError)) throw error;
      this.rest = before;
      return undefined;
    }
  }

  #readAddrSpec(): string {
    this.#skipBlanks();
    if (this.rest === "") fail("mail: no addr-spec");
    const local = this.rest.startsWith('"') ? this.#readQuotedLocal() : this.#readDotAtom();
    if (!this.#take("@")) fail("mail: missing @ in addr-spec");
    this.#skipBlanks();
    if (this.rest === "") fail("mail: no domain in addr-spec");
    const domain = this.rest.startsWith("[") ? this.#readDomainLiteral() : this.#readDotAtom();
    return `${local}@${domain}`;
  }

  /** Go calls every fault of it an empty one. */
  #readQuotedLocal(): string {
    let local = "";
    try {
      local = this.#readQuoted();
    } catch (error) {
      if (!(error instanceof MailError)) throw error;
    }
    return local === "" ? fail("mail: empty quoted string in addr-spec") : local;
  }

  /** A display name: words, the errors of which only count when there is none. */
  #readPhrase(): string {
    const words: string[] = [];
    /** Encoded words in a row are one word, without the blanks between. */
    let encoded: string | undefined;
    for (;;) {
      if (words.length > 0) this.#skipComments();
      this.#skipBlanks();
      if (this.rest === "") break;
      try {
        const atom = this.rest.startsWith('"') ? undefined : this.#readAtom();
        const decoded = atom === undefined ? undefined : decodeWord(atom);
        if (decoded !== undefined) {
          encoded = (encoded ?? "") + decoded;
          continue;
        }
        const word = atom ?? this.#readQuoted();
        if (encoded !== undefined) words.push(encoded);
        encoded = undefined;
        words.push(word);
      } catch (error) {
        if (!(error instanceof MailError)) throw error;
        const isFirst = words.length === 0 && encoded === undefined;
        if (isFirst) fail(`mail: missing word in phrase: ${error.message}`);
        break;
      }
    }
    return [...words, ...encoded === undefined ? [] : [encoded]].join(" ");
  }

  #readQuoted(): string {
    const whole = this.rest;
    let content = "";
    let isEscaped = false;
    let i = 1;
    for (;;) {
      if (i >= whole.length) fail("mail: unclosed quoted-string");
      const { code, size } = runeAt(whole, i);
      const character = whole.slice(i, i + size);
      if (code === 0xFFFD && size === 1) {
        fail(`mail: invalid utf-8 in quoted-string: ${quote(whole)}`);
      }
      i += size;
      if (!isEscaped && character === '"') break;
      if (!isEscaped && character === "\\") {
        isEscaped = true;
        continue;
      }
      const isVisible = code > 0x20 && code !== 0x7F;
      if (!isVisible && character !== " " && character !== "\t") {
        fail(`mail: bad character in quoted-string: ${quoteRune(code)}`);
      }
      content += character;
      isEscaped = false;
    }
    this.rest = whole.slice(i);
    return content;
  }

  #readDotAtom(): string {
    const atom = this.#readAtom();
    if (atom.startsWith(".")) fail("mail: leading dot in atom");
    if (atom.includes("..")) fail("mail: double dot in atom");
    if (atom.endsWith(".")) fail("mail: trailing dot in atom");
    return atom;
  }

  #readAtom(): string {
    const atom = ATOM.exec(this.rest)?.[0] ?? "";
    if (firstInvalidByte(atom) !== undefined) {
      fail(`mail: invalid utf-8 in address: ${quote(this.rest)}`);
    }
    if (atom === "") fail("mail: invalid string");
    this.rest = this.rest.slice(atom.length);
    return atom;
  }

  #readDomainLiteral(): string {
    this.#take("[");
    const text = DOMAIN_TEXT.exec(this.rest)![0];
    const invalid = firstInvalidByte(text);
    if (invalid !== undefined) {
      fail(`mail: invalid utf-8 in domain-literal: ${quote(this.rest.slice(invalid))}`);
    }
    this.rest = this.rest.slice(text.length);
    if (this.rest === "") fail("mail: unclosed domain-literal");
    if (!this.#take("]")) {
      fail(`mail: bad character in domain-literal: ${quoteRune(runeAt(this.rest, 0).code)}`);
    }
    if (!isIpAddress(text)) fail(`mail: invalid IP address in domain-literal: ${quote(text)}`);
    return `[${text}]`;
  }

  /** A name in a comment behind the address. */
  #readNameComment(): void {
    this.#take("(");
    const comment = this.#readComment();
    for (const word of comment.split(/[ \t]+/)) decodeWord(word);
  }

  #skipComments(): void {
    this.#skipBlanks();
    while (this.#take("(")) {
      this.#readComment();
      this.#skipBlanks();
    }
  }

  /** What stands up to the bracket that closes the comment; brackets may be nested and escaped. */
  #readComment(): string {
    let depth = 1;
    let content = "";
    let i = 0;
    for (; i < this.rest.length && depth > 0; i++) {
      const isEscape = this.rest[i] === "\\" && i + 1 < this.rest.length;
      if (isEscape) i++;
      else if (this.rest[i] === "(") depth++;
      else if (this.rest[i] === ")") depth--;
      if (depth > 0) content += this.rest[i];
    }
    this.rest = this.rest.slice(i);
    if (depth > 0) fail("mail: misformatted parenthetical comment");
    return content;
  }

  #take(character: string): boolean {
    if (!this.rest.startsWith(character)) return false;
    this.rest = this.rest.slice(1);
    return true;
  }

  #skipBlanks(): void {
    this.rest = this.rest.replace(BLANKS, "");
  }
}

/**
 * What an encoded word (RFC 2047) stands for; undefined for plain text.
 * @throws {MailError} for a character set that Go does not know.
 */
function decodeWord(word: string): string | undefined {
  const [, charset = "", encoding = "", text = ""] = ENCODED_WORD.exec(word) ?? [];
  const isBase64 = encoding.toLowerCase() === "b";
  if (charset === "" || !(isBase64 ? BASE64 : Q_ENCODED).test(text)) return undefined;
  const bytes = isBase64 ? atob(text) : text.replaceAll("_", " ")
    .replace(/=([0-9a-f]{2})/gi, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
  switch (charset.toLowerCase()) {
    case "utf-8":
    case "us-ascii":
      return bytes;
    case "iso-8859-1":
      return toByteString(bytes);
    default:
      return fail(`charset not supported: ${quote(charset.toLowerCase())}`);
  }
}

/** IPv4 without leading zeros, or IPv6 without a zone. */
function isIpAddress(text: string): boolean {
  const octet = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
  if (new RegExp(`^${octet}(?:\\.${octet}){3}$`).test(text)) return true;
  return /^[0-9a-f:.]+$/i.test(text) && text.includes(":") && URL.canParse(`http://[${text}]/`);
}
