/** Mailboxes as they go into headers and envelopes (RFC 5322 §3.4). */

import { domainToASCII } from "node:url";
import type { Mailbox } from "./transport.ts";

/** Atoms that a display name may be made of without quotes (RFC 5322 §3.2.3). */
const PLAIN_NAME = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+$/;

/**
 * What is wrong with a recipient, or `undefined`. Recipients of rules come from the cluster
 * unchecked: one with a comma would be two recipients for Mailgun, one with a line end a header.
 */
export function recipientProblem(address: string): string | undefined {
  if (address === "") return "is empty";
  if (/[\p{Cc}\p{Zl}\p{Zp}\s]/u.test(address)) return "has white space or control characters";
  const domain = address.slice(address.lastIndexOf("@") + 1);
  // The configuration takes addresses in brackets as domains, too (RFC 5321 §4.1.3).
  const isLiteral = /^\[(IPv6:)?[0-9A-Fa-f.:]+\]$/.test(domain);
  const plain = isLiteral ? address.slice(0, -domain.length) : address;
  if (/[<>,;"()[\]\\]/.test(plain)) return "has characters that separate addresses";
  return /^[^@]+@[^@]+$/.test(address) ? undefined : "is not of the form user@domain";
}

/** Whether an address needs SMTPUTF8 (RFC 6531): domains have an ASCII form, local parts have none. */
export function needsSmtpUtf8(address: string): boolean {
  // deno-lint-ignore no-control-regex
  return /[^\x00-\x7f]/.test(address.slice(0, Math.max(0, address.lastIndexOf("@"))));
}

/** `Name <address>` with the name quoted where needed; Unicode stays as it is. */
export function formatMailbox(mailbox: Mailbox): string {
  const name = (mailbox.name ?? "").replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
  if (name === "") return mailbox.address;
  const shown = PLAIN_NAME.test(name) ? name : `"${name.replace(/["\\]/g, "\\$&")}"`;
  return `${shown} <${mailbox.address}>`;
}

/** The domain of an address in ASCII, as EHLO and Message-ID need it. */
export function domainOf(address: string): string {
  const domain = address.slice(address.lastIndexOf("@") + 1);
  return domainToASCII(domain) || "localhost";
}
