/** A mail transport over Mailgun's HTTP API, by mailgun.js. */

import Mailgun from "mailgun.js";
import { formatMailbox, recipientProblem } from "../address.ts";
import { HttpsClient } from "../../net/https_client.ts";
import { orAborted } from "../../abort.ts";
import { startDeadline } from "../../net/deadline.ts";
import { mailgunProvider } from "./provider.ts";
import { mailgunRefusal } from "./receipt.ts";
import { KEY_FILE_REMEDY } from "./remedies.ts";
import { bareMessageId } from "../message_id.ts";
import { extraHeaders, referencesOf } from "../extra_headers.ts";
import { type MailMessage, type MailTransport, type Receipt, wordsOf } from "../transport.ts";
import { reasonOf, singleLine } from "../../text.ts";

/** Options as in `[mailgun]` of the configuration; the key is a function that reads it. */
export interface MailgunOptions {
  readonly domain: string;
  readonly privateKey: () => Promise<string>;
  /** API root without the version. */
  readonly baseUrl: string;
  /** PEM: CAs beside the machine's. */
  readonly rootCas?: () => Promise<string>;
  readonly maxConnections: number;
  readonly maxMessagesPerSecond?: number;
}

/** Dependencies that tests replace. */
export interface MailgunDeps {
  readonly timeoutMs?: number;
  readonly now?: () => number;
}

/** Longer than the original's 10 s: an email whose call was aborted may have been accepted. */
const TIMEOUT_MS = 120_000;

/** Widened to `string`: the original sends `true`, which the types of mailgun.js do not allow. */
const REQUIRE_TLS: string = "o:require-tls";

type Fields = Parameters<ReturnType<Mailgun["client"]>["messages"]["create"]>[1];

/** Creates the transport. It keeps nothing between calls but its connections. */
export function createMailgunTransport(
  options: MailgunOptions,
  deps: MailgunDeps = {},
): MailTransport {
  const https = new HttpsClient(options.rootCas);
  return {
    maxConnections: Math.max(1, options.maxConnections),
    ...(options.maxMessagesPerSecond === undefined
      ? {}
      : { maxMessagesPerSecond: options.maxMessagesPerSecond }),
    send: (message, signal, mayStart) =>
      send(message, signal, options, { ...deps, https, mayStart: mayStart ?? (() => true) }),
    [Symbol.asyncDispose]: () => Promise.resolve(https[Symbol.dispose]()),
  };
}

async function send(
  message: MailMessage,
  signal: AbortSignal,
  options: MailgunOptions,
  deps: MailgunDeps & { readonly https: HttpsClient; readonly mayStart: () => boolean },
): Promise<Receipt> {
  const problem = recipientProblem(message.to);
  if (problem !== undefined) {
    const error = `Cannot send mail to '${singleLine(message.to)}': the address ${problem}`;
    return { ok: false, category: "recipient", retry: "never", error };
  }
  let key: string;
  try {
    key = await options.privateKey();
  } catch (cause) {
    const error = `Cannot read the Mailgun private key: ${singleLine(reasonOf(cause))}`;
    const remedy = KEY_FILE_REMEDY;
    return { ok: false, category: "configuration", retry: "transport", error, remedy };
  }
  if (!deps.mayStart()) {
    const error =
      `Cannot send mail through Mailgun '${options.baseUrl} ${options.domain}': cancelled`;
    return { ok: false, category: "cancelled", retry: "later", error };
  }
  using deadline = startDeadline(deps.timeoutMs ?? TIMEOUT_MS, signal);
  try {
    const client = new Mailgun(FormData).client({
      username: "api",
      key,
      url: options.baseUrl,
      useFetch: true,
    });
    client.request.requestProvider = mailgunProvider(key, deps.https, deadline.signal);
    const sending = client.messages.create(encodeURIComponent(options.domain), fields(message));
    const { id, message: response } = await orAborted(sending, deadline.signal);
    return {
      ok: true,
      messageId: bareMessageId(typeof id === "string" ? id : "") || message.messageId,
      response: singleLine(String(response ?? "")),
    };
  } catch (error) {
    return mailgunRefusal(error, {
      target: `${options.baseUrl} ${options.domain}`,
      secrets: [key],
      addresses: [message.from.address, message.to],
      expired: deadline.expired,
      cancelled: signal.aborted,
      nowMs: (deps.now ?? Date.now)(),
    });
  }
}

/** The form as the original sends it, and our Message-ID (original.md §7.1). */
function fields(message: MailMessage): Fields {
  const { from, to, subject, replyTo, inReplyTo } = message;
  const references = referencesOf(message);
  return {
    from: formatMailbox(from),
    to,
    subject,
    ...wordsOf(message),
    [REQUIRE_TLS]: "true",
    "h:Message-Id": `<${message.messageId}>`,
    ...Object.fromEntries(
      Object.entries(extraHeaders(message)).map(([name, value]) => [`h:${name}`, value]),
    ),
    ...(references.length > 0 ? { "h:References": references.join(" ") } : {}),
    ...(inReplyTo ? { "h:In-Reply-To": `<${bareMessageId(inReplyTo)}>` } : {}),
    ...(replyTo ? { "h:Reply-To": formatMailbox(replyTo) } : {}),
  };
}
