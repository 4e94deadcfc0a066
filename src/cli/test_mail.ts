/** `teleport-email test-mail`: real mails, marked as a test, with the server's answer to each. */

import { isEmailAddress } from "../config/values/address.ts";
import type { Config } from "../config/config.ts";
import { domainOf } from "../mail/address.ts";
import { composeMail } from "../mail/content/compose.ts";
import type { Templates } from "../mail/content/templates.ts";
import type { MailMessage, MailTransport } from "../mail/transport.ts";
import type { CliIo, ConfigOptions } from "./io.ts";
import type { SampleKind } from "./sample_kinds.ts";
import { loadConfigOrReport, reportErrors } from "./read_config.ts";
import { loadTemplatesOrReport } from "./read_config.ts";
import { sampleOf } from "./samples.ts";
import { createTransport } from "../daemon/transport.ts";

/** What the command takes from the command line. */
export interface TestMailOptions extends ConfigOptions {
  readonly addresses: readonly string[];
}

const KINDS: readonly SampleKind[] = ["new", "review", "approved", "denied", "expired"];
const NOTE = "This is a test of teleport-email. There is no such access request.";

/** Sends the thread to each address in turn; returns the exit code. */
export async function testMail(options: TestMailOptions, io: CliIo): Promise<number> {
  const { addresses } = options;
  const wrong = addresses.filter((address) => !isEmailAddress(address));
  if (wrong.length > 0) {
    return reportErrors(
      io,
      wrong.map((text) => `Cannot send to '${text}': it is no mail address, want name@example.com`),
    );
  }
  const config = await loadConfigOrReport(options.config, io);
  if (config === undefined) return 2;
  const templates = await loadTemplatesOrReport(config, io);
  if (templates === undefined) return 2;
  await using transport = await createTransport(
    config.mail,
    domainOf(config.delivery.sender.address),
    { warn: (message) => io.stderr(`${message}\n`) },
  );
  let accepted = 0;
  for (const address of addresses) {
    const thread = await sendThread(address, config, templates, transport, io);
    accepted += thread.accepted;
    if (!thread.cut) continue;
    io.stdout("The others are not tried: it would fail alike. 'teleport-email check' says more\n");
    break;
  }
  const all = addresses.length * KINDS.length;
  const lacking = all - accepted;
  io.stdout(lacking === 0 ? `${all} mails accepted\n` : `${lacking} of ${all} mails not sent\n`);
  return lacking === 0 ? 0 : 1;
}

interface Thread {
  /** How many mails were accepted. */
  readonly accepted: number;
  /** Nothing can be sent at all: the rest was not tried. */
  readonly cut: boolean;
}

async function sendThread(
  to: string,
  config: Config,
  templates: Templates,
  transport: MailTransport,
  io: CliIo,
): Promise<Thread> {
  const { delivery: { sender: from, replyTo, html, details, actions, timeZone } } = config;
  const look = { html, details, actions, timeZone };
  const { signal } = new AbortController();
  const root = `test-thread-${crypto.randomUUID()}@${domainOf(from.address)}`;
  let first: string | undefined;
  let accepted = 0;
  for (const kind of KINDS) {
    const content = composeMail(sampleOf(kind), templates, look);
    const message: MailMessage = {
      messageId: `test-${crypto.randomUUID()}@${domainOf(from.address)}`,
      from,
      to,
      ...(replyTo === undefined ? {} : { replyTo }),
      subject: `[TEST] ${content.subject}`,
      ...(first === undefined ? {} : { inReplyTo: first }),
      references: first === undefined ? [root] : [root, first],
      date: new Date(),
      text: `${NOTE}\n\n${content.text}`,
      ...(content.html === undefined ? {} : { html: markHtml(content.html) }),
    };
    const receipt = await transport.send(message, signal);
    if (receipt.ok) {
      accepted++;
      first ??= receipt.messageId;
      io.stdout(`ok    ${to}  ${kind}: ${receipt.response}\n`);
    } else {
      io.stdout(`FAIL  ${to}  ${kind}: ${receipt.error}\n`);
      if (receipt.retry === "transport") return { accepted, cut: true };
    }
  }
  return { accepted, cut: false };
}

/** Puts the note in front of what is shown, in a whole page or a part of one. */
function markHtml(html: string): string {
  const note = `<p><strong>${NOTE}</strong></p>`;
  const body = /<body[^>]*>/i.exec(html);
  if (body === null) return note + html;
  const end = body.index + body[0].length;
  return html.slice(0, end) + note + html.slice(end);
}
