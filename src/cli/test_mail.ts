/** `teleport-email test-mail`: real emails, marked as a test, with the server's answer to each. */

import { isEmailAddress } from "../config/values/address.ts";
import type { Config } from "../config/config.ts";
import { domainOf } from "../mail/address.ts";
import { composeMail } from "../mail/content/compose.ts";
import type { Templates } from "../mail/content/templates.ts";
import type { MailMessage, MailTransport } from "../mail/transport.ts";
import { EXIT_CANNOT_RUN, EXIT_FAILURE, EXIT_OK } from "./exit_codes.ts";
import { type CliIo, complain, type ConfigOptions, reportErrors } from "./io.ts";
import type { SampleKind } from "./sample_kinds.ts";
import { loadPartsOrReport, loadTemplatesOrReport } from "./read_config.ts";
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
      wrong.map((text) =>
        `Cannot send to '${text}': it is not an email address such as name@example.com`
      ),
    );
  }
  const config = await loadPartsOrReport(options.config, ["mail", "delivery", "templates"], io);
  if (config === undefined) return EXIT_CANNOT_RUN;
  const templates = await loadTemplatesOrReport(config, io);
  if (templates === undefined) return EXIT_CANNOT_RUN;
  await using transport = await createTransport(
    config.mail,
    domainOf(config.delivery.sender.address),
    { warn: (message) => complain(io, "warning", message) },
  );
  let accepted = 0;
  for (const address of addresses) {
    const thread = await sendThread(address, config, templates, transport, io);
    accepted += thread.accepted;
    if (!thread.cut) continue;
    io.stdout(
      "Skipping the rest: they would fail for the same reason. See 'teleport-email check'\n",
    );
    break;
  }
  const all = addresses.length * KINDS.length;
  const lacking = all - accepted;
  io.stdout(lacking === 0 ? `${all} emails accepted\n` : `${lacking} of ${all} emails not sent\n`);
  return lacking === 0 ? EXIT_OK : EXIT_FAILURE;
}

interface Thread {
  /** How many emails were accepted. */
  readonly accepted: number;
  /** Nothing can be sent at all: the rest was not tried. */
  readonly cut: boolean;
}

async function sendThread(
  to: string,
  config: Pick<Config, "delivery">,
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

/** Inserts the note before the content, in a whole page or a part of one. */
function markHtml(html: string): string {
  const note = `<p><strong>${NOTE}</strong></p>`;
  const body = /<body[^>]*>/i.exec(html);
  if (body === null) return note + html;
  const end = body.index + body[0].length;
  return html.slice(0, end) + note + html.slice(end);
}
