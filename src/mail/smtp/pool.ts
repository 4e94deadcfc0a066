/** A nodemailer connection pool for one version of the secrets. */

import type net from "node:net";
import Mail from "nodemailer/lib/mailer";
import SMTPPool from "nodemailer/lib/smtp-pool";
import { mustHideCredentials, refuseClearCredentials } from "./clear_text.ts";
import { dial, type Lookup } from "../../net/dial.ts";
import { Content } from "./content.ts";
import { type Login, LOGIN_HANDLER, loginHandler } from "./login.ts";
import type { FinishedMessage } from "./message/finished_message.ts";
import { handOver } from "./hand_over.ts";
import type { SmtpOptions, SmtpSecrets } from "./options.ts";
import {
  delaysAfterFew,
  FEW_MESSAGES,
  isMessageLimit,
  MANY_MESSAGES,
} from "./messages_per_connection.ts";
import { smtpTls } from "./tls.ts";

/** Timeouts in milliseconds. */
export interface SmtpTimeouts {
  readonly connectMs: number;
  /** For the greeting, and again for the TLS handshake. */
  readonly greetingMs: number;
  /** For one email, from connecting until its content. */
  readonly sendMs: number;
  /** Added to `sendMs` once the content is being sent. */
  readonly contentMs: number;
}

/** Shorter than servers' idle timeout (5 minutes in RFC 5321 §4.5.3.2.7), so that we close first. */
const IDLE_CONNECTION_MS = 60_000;

/** How long a closing connection may take before it is destroyed. */
const CLOSE_GRACE_MS = 1000;

/** The server's answer to an email. */
export interface SendResult {
  readonly response: string;
  /** The Message-ID that the server says it has assigned. */
  readonly serverMessageId?: string;
  /** One entry for each refused recipient when others were accepted. */
  readonly rejected: readonly unknown[];
}

/** An attempt to send one email. */
export interface SendAttempt {
  readonly signal: AbortSignal;
  /** Called immediately before the content is sent. */
  mayStart(): boolean;
  /** Whether the content has begun to leave; the pool sets it. */
  contentStarted: boolean;
}

/** A pool of connections to one server. */
export interface SmtpPool {
  /** How many connections are open, idle ones included. */
  readonly connections: number;
  /** @throws {WithheldError} when `mayStart` returns false at the moment the content is to be sent. */
  send(message: FinishedMessage, attempt: SendAttempt): Promise<SendResult>;
  /** Connects and logs in, without sending. */
  verify(): Promise<void>;
  /** Resolves when no email is being sent. */
  idle(): Promise<void>;
  /** Closes immediately; resolves when every socket is closed. */
  close(): Promise<void>;
}

/** Creates a pool; it connects when there is an email to send. */
export function createSmtpPool(
  options: SmtpOptions,
  secrets: SmtpSecrets,
  login: Login | undefined,
  deps: { readonly lookup: Lookup; readonly timeouts: SmtpTimeouts },
): SmtpPool {
  const sockets = new Set<net.Socket>();
  const closing = new AbortController();
  const connect = async () => {
    // More sockets than other mails need: one is closing, and the server may still count it.
    if (sockets.size > 0 && sockets.size >= underWay) await oneClosed(sockets, closing.signal);
    const connection = await dial(options, {
      lookup: deps.lookup,
      timeoutMs: deps.timeouts.connectMs,
      signal: closing.signal,
    });
    sockets.add(connection);
    connection.once("close", () => sockets.delete(connection));
    if (mustHideCredentials(options)) refuseClearCredentials(connection);
    return { connection };
  };
  /** How many emails are being sent. */
  let underWay = 0;
  let onIdle: readonly (() => void)[] = [];
  const ended = () => {
    underWay--;
    if (underWay > 0) return;
    for (const resolve of onIdle) resolve();
    onIdle = [];
  };
  const pool = new SMTPPool(poolOptions(options, secrets, login, deps.timeouts));
  // What `createTransport` does, without the transports of its module that are not used here.
  const transporter = new Mail(pool);
  pool.getSocket = (_options, done) => {
    connect().then((found) => done(null, found), (error) => done(error));
  };
  // The pool re-emits errors of its connections, which the affected sends already reported.
  transporter.on("error", () => {});

  const isGiven = options.maxMessagesPerConnection !== undefined;
  const sendOnce: SmtpPool["send"] = async (message, attempt) => {
    const info = await handOver(transporter, message, attempt.signal, () => {
      attempt.contentStarted = false;
      return new Content(message.data, () => attempt.contentStarted = attempt.mayStart());
    });
    const { response, serverMessageId } = info;
    if (!isGiven && delaysAfterFew(response)) pool.options.maxMessages = FEW_MESSAGES;
    return {
      response,
      rejected: info.rejectedErrors ?? info.rejected,
      ...serverMessageId === undefined ? {} : { serverMessageId },
    };
  };

  return {
    get connections() {
      return sockets.size;
    },
    async send(message, attempt) {
      underWay++;
      try {
        return await sendOnce(message, attempt);
      } catch (error) {
        if (isGiven || !isMessageLimit(error)) throw error;
        // That is due to the emails before it: it goes over another connection at once.
        pool.options.maxMessages = FEW_MESSAGES;
        return await sendOnce(message, attempt);
      } finally {
        ended();
      }
    },
    async verify() {
      await pool.verify?.();
    },
    async idle() {
      if (underWay === 0) return;
      await new Promise<void>((resolve) => onIdle = [...onIdle, resolve]);
    },
    async close() {
      closing.abort();
      pool.close?.({ force: true });
      await allClosed(sockets);
    },
  };
}

function poolOptions(
  options: SmtpOptions,
  secrets: SmtpSecrets,
  login: Login | undefined,
  timeouts: SmtpTimeouts,
) {
  const { host, port, helloName, starttlsPolicy, implicitTls } = options;
  return {
    pool: true as const,
    host,
    port,
    name: helloName,
    secure: implicitTls,
    // Opportunistic is neither: nodemailer's `opportunisticTLS` would continue in clear text after a
    // failed upgrade, which an attacker can cause (it is an error in the original as well).
    requireTLS: starttlsPolicy === "mandatory" && !implicitTls,
    ignoreTLS: starttlsPolicy === "disabled",
    tls: smtpTls(options, secrets),
    ...(login === undefined ? {} : {
      auth: { type: "custom" as const, method: LOGIN_HANDLER, user: login.username, pass: "-" },
      customAuth: { [LOGIN_HANDLER]: loginHandler({ login, host, port, helloName }) },
      // The handler decides what a server without AUTH means.
      forceAuth: true,
    }),
    maxConnections: options.maxConnections,
    maxMessages: options.maxMessagesPerConnection ?? MANY_MESSAGES,
    // One retry, for an idle connection that the server has closed. All others are the caller's.
    maxRequeues: 1,
    idleTimeout: IDLE_CONNECTION_MS,
    // Limits the whole setup including STARTTLS; dialling is only a part of it.
    connectionTimeout: timeouts.connectMs + 2 * timeouts.greetingMs,
    greetingTimeout: timeouts.greetingMs,
    // The limits of the attempt are shorter.
    socketTimeout: timeouts.sendMs + timeouts.contentMs,
    socketCloseTimeout: CLOSE_GRACE_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** Waits until one of the sockets is closed, as long as closing may take. */
async function oneClosed(sockets: ReadonlySet<net.Socket>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => resolve();
  const timer = setTimeout(done, CLOSE_GRACE_MS);
  signal.addEventListener("abort", done, { once: true });
  const watched = [...sockets];
  for (const socket of watched) socket.once("close", done);
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", done);
  for (const socket of watched) socket.off("close", done);
}

async function allClosed(sockets: ReadonlySet<net.Socket>): Promise<void> {
  const open = [...sockets];
  // After nodemailer, which destroys the TLS socket on top: Deno 2.9.3 aborts the process when data is
  // written to a TLS socket whose TCP socket was destroyed first.
  const timer = setTimeout(() => open.forEach((socket) => socket.destroy()), 2 * CLOSE_GRACE_MS);
  await Promise.all(open.map((socket) =>
    new Promise<void>((resolve) => {
      if (socket.closed) resolve();
      else socket.once("close", () => resolve());
    })
  ));
  clearTimeout(timer);
}
