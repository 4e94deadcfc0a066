/** Parses a server's reply (RFC 5321 §4.2, RFC 3463) and looks up its verdict. */

import { ownWords } from "../server_words.ts";
import { type Row, ROWS, type Step } from "./reply_table.ts";

/** A parsed refusal. */
export interface SmtpReply {
  readonly step: Step;
  /** `550`. */
  readonly code: number;
  /** `5.1.1`; "" when the server sends none. */
  readonly enhanced: string;
  /** The text on one line, without codes. */
  readonly text: string;
  /** The text without addresses and other quotations; it says so if it names the sender's address alone. */
  readonly words: string;
}

/** The rest of a longer reply is ignored. */
const MAX_TEXT = 4000;

const ENHANCED = /^[245]\.\d{1,3}\.\d{1,3}(?=\s|$)/;
/** The enhanced code as qmail and its derivatives write it, at the end of a sentence. */
const TRAILING = /[(\s]#([245]\.\d{1,3}\.\d{1,3})\)?/;

/**
 * Parses a reply of one or several lines with its codes; `command` is nodemailer's name of the step, and
 * `addresses` are the sender and the recipient of the email, which the server may quote.
 */
export function parseReply(
  command: string,
  code: number,
  reply: string,
  addresses: readonly string[] = [],
): SmtpReply {
  const lines = reply.slice(0, MAX_TEXT).split(/\r?\n/).map((line) =>
    line.replace(/^\d{3}[ -]?/, "").trimStart()
  );
  const text = lines.map((line) => line.replace(ENHANCED, "").trim()).join(" ").trim();
  const first = lines.map((line) => ENHANCED.exec(line)?.[0]).find((found) => found !== undefined);
  return {
    step: stepOf(command),
    code,
    enhanced: first ?? TRAILING.exec(text)?.[1] ?? "",
    text,
    words: `${namesSenderAlone(text, addresses) ? "sender address: " : ""}${
      ownWords(text, addresses)
    }`,
  };
}

/** "User unknown" is then about the sender, whose address the server verifies. */
function namesSenderAlone(text: string, [from, to]: readonly string[]): boolean {
  if (from === undefined || to === undefined) return false;
  const words = text.toLowerCase().split(/[\s<>()[\]"',;:]+/);
  const named = new Set(words.map((word) => word.replace(/\.+$/, "")));
  return named.has(from.toLowerCase()) && !named.has(to.toLowerCase());
}

/** The table row that decides about a reply of class 4 or 5. */
export function judgeReply(reply: SmtpReply): Row {
  const row = ROWS.find((row) => applies(row, reply));
  // The last rows match everything.
  if (row === undefined) throw new Error(`no row for ${reply.code} at ${reply.step}`);
  return row;
}

function applies(row: Row, { step, code, enhanced, words }: SmtpReply): boolean {
  return (row.at === undefined || row.at.includes(step)) &&
    (row.codes === undefined || row.codes.test(String(code))) &&
    (row.enhanced === undefined || row.enhanced.test(enhanced)) &&
    (row.words === undefined || row.words.test(words)) &&
    (row.unless === undefined || !row.unless.test(words));
}

function stepOf(command: string): Step {
  const word = command.split(" ")[0]?.toUpperCase() ?? "";
  switch (word) {
    case "EHLO":
    case "HELO":
      return "EHLO";
    case "STARTTLS":
    case "AUTH":
    case "MAIL":
    case "RCPT":
    case "DATA":
      return word;
    default:
      return "greeting";
  }
}
