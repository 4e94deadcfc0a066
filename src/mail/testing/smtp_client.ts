/** Transports and messages for SMTP tests. */

import { createSmtpTransport, type SmtpDeps } from "../smtp/transport.ts";
import type { SmtpOptions } from "../smtp/options.ts";
import type { MailMessage, MailTransport } from "../transport.ts";

/** Short enough for tests, long enough for a busy machine. */
const TEST_DEPS: SmtpDeps = {
  lookup: () => Promise.resolve(["127.0.0.1"]),
  timeouts: { connectMs: 2000, greetingMs: 2000, sendMs: 5000, contentMs: 2000 },
  secretsMs: 0,
};

/** A transport to `mail.test`, which is this machine, without TLS or login unless asked for. */
export function testTransport(
  port: number,
  options: Partial<SmtpOptions> = {},
  deps: SmtpDeps = {},
): MailTransport {
  return createSmtpTransport({
    host: "mail.test",
    port,
    starttlsPolicy: "disabled",
    implicitTls: false,
    insecureSkipVerify: false,
    helloName: "example.org",
    maxConnections: 4,
    ...options,
  }, { ...TEST_DEPS, ...deps });
}

/** A plain mail from `noreply@example.org` to `bob@example.com`. */
export function testMessage(changes: Partial<MailMessage> = {}): MailMessage {
  return {
    messageId: "id-1@example.org",
    from: { address: "noreply@example.org" },
    to: "bob@example.com",
    subject: "Hello",
    date: new Date("2025-01-25T10:30:00Z"),
    text: "Hello Bob",
    ...changes,
  };
}

/** A signal that never aborts. */
export function never(): AbortSignal {
  return new AbortController().signal;
}
