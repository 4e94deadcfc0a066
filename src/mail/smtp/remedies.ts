/** Remedies for the operator after a refusal by an SMTP server. */

import type { RefusalCategory } from "../transport.ts";

/** One sentence for each category. */
export const REMEDIES: Readonly<Record<Exclude<RefusalCategory, "cancelled">, string>> = {
  network:
    "check smtp.host and smtp.port, that the server runs, and that no firewall or provider " +
    "blocks the port",
  tls:
    "if the CA is private, name it in smtp.root_cas; if the certificate is for another name, set " +
    "smtp.server_name or use that name as smtp.host; if it has expired or " +
    "its RSA key is shorter than 2048 bits, have it renewed",
  authentication: "check smtp.username and the password, and whether the server wants an app " +
    "password or another auth_method; without login, leave smtp.username out",
  configuration: "check smtp.host and smtp.port (587 with STARTTLS, 465 with implicit_tls), and " +
    "the files that [smtp] names",
  "rate-limit":
    "none needed: emails are sent more slowly and retried; lower smtp.max_connections or " +
    "smtp.max_messages_per_second if it recurs",
  quota: "wait until the account may send again, or raise its limit at the mail service",
  sender: "check delivery.sender, that the account may send from it, and the SPF, DKIM and DMARC " +
    "records of its domain",
  policy: "look up the code at the mail service or in its log; the service blocks the message, " +
    "the sender or this machine's address",
  timeout: "check smtp.port (465 needs implicit_tls), and that no firewall blocks the connection",
  recipient: "check the recipient's address, and look at the mail server's log",
  message: "look at the mail server's log",
  server: "look at the mail server's log",
};

/** For a server that refuses a fresh access token. */
export const TOKEN_REMEDY =
  "check that smtp.username is the mailbox, and that the application may send from it: on Microsoft 365 " +
  "SMTP.SendAsApp with consent, the service principal and its mailbox permission in Exchange Online; " +
  "'teleport-email check' shows what the token says";

/** For handshakes that no CA file cures. */
export const TLS_REMEDIES = {
  certificate:
    "give the server a certificate with an RSA key of 2048 bits or more, or with an ECDSA key",
  ciphers:
    "let the server offer TLS 1.3, or TLS 1.2 with AES-GCM or ChaCha20; set smtp.client_crt if " +
    "it wants a certificate",
  version: "let the server offer TLS 1.2 or 1.3",
} as const;

/** For a server without SMTPUTF8. */
export const UTF8_REMEDIES = {
  sender: "use an ASCII address in delivery.sender, or a mail server with SMTPUTF8",
  recipient: "use an ASCII address, or a mail server with SMTPUTF8",
} as const;
