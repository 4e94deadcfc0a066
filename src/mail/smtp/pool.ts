/** One nodemailer pool for one state of the secrets. */

import type net from "node:net";
import type { Readable } from "node:stream";
import nodemailer, { type SendMailOptions } from "nodemailer";
import { mustHideCredentials, refuseClearCredentials } from "./clear_text.ts";
import { dial, type Lookup } from "../../net/dial.ts";
import { type Login, LOGIN_HANDLER, loginHandler } from "./login.ts";
import type { SmtpOptions, SmtpSecrets } from "./options.ts";
import { smtpTls } from "./tls.ts";

/** Limits on waiting, in milliseconds. */
export interface SmtpTimeouts {
  readonly connectMs: number;
  /** For the greeting, and again for the TLS handshake. */
  readonly greetingMs: number;
  /** One mail, from connecting up to its content. */
  readonly sendMs: number;
  /** What is added to that once the content is on its way. */
  readonly contentMs: number;
}

/** Shorter than what servers keep (RFC 5321 §4.5.3.2.7 says 5 min), so that we close first. */
const IDLE_CONNECTION_MS = 60_000;

/** How long a closing connection may take before it is cut. */
const CLOSE_GRACE_MS = 1000;

export interface SendResult {
  readonly response: string;
  /** One entry for each recipient that was refused although others were not. */
  readonly rejected: readonly unknown[];
}

export interface SmtpPool {
  send(mail: SendMailOptions, signal: AbortSignal): Promise<SendResult>;
  /** Whether the content of the mail sent with this signal was on its way to the server. */
  contentStarted(signal: AbortSignal): boolean;
  /** Connects and logs in, no more. */
  verify(): Promise<void>;
  /** Resolves when no mail is under way. */
  idle(): Promise<void>;
  /** Closes at once; resolves when every socket is closed. */
  close(): Promise<void>;
}

/** Opens nothing yet: connections are made when there is a mail for them. */
export function createSmtpPool(
  options: SmtpOptions,
  secrets: SmtpSecrets,
  login: Login | undefined,
  deps: { readonly lookup: Lookup; readonly timeouts: SmtpTimeouts },
): SmtpPool {
  const sockets = new Set<net.Socket>();
  const closing = new AbortController();
  const connect = async () => {
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
  const transporter = nodemailer.createTransport(
    poolOptions(options, secrets, login, deps.timeouts),
  );
  const pool = transporter.transporter;
  pool.getSocket = (_options, done) => {
    connect().then((found) => done(null, found), (error) => done(error));
  };
  // The pool emits errors of its connections again; the sends concerned have them already.
  transporter.on("error", () => {});

  const streams = new WeakMap<AbortSignal, Readable>();
  transporter.use("stream", (mail, done) => {
    const { signal } = mail.data;
    const createReadStream = mail.message.createReadStream.bind(mail.message);
    mail.message.createReadStream = (streamOptions) => {
      const stream = createReadStream(streamOptions);
      if (signal) streams.set(signal, stream);
      return stream;
    };
    done();
  });

  const underWay = new Set<Promise<unknown>>();
  return {
    async send(mail, signal) {
      const sending = transporter.sendMail({ ...mail, signal });
      underWay.add(sending);
      try {
        const info = await sending;
        return { response: info.response, rejected: info.rejectedErrors ?? info.rejected };
      } finally {
        underWay.delete(sending);
      }
    },
    contentStarted: (signal) => streams.get(signal)?.readableDidRead ?? false,
    async verify() {
      await pool.verify?.();
    },
    async idle() {
      await Promise.allSettled(underWay);
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
    // Opportunistic is neither: nodemailer's `opportunisticTLS` would go on in the clear after a
    // failed upgrade, which an attacker can bring about (in the original it is an error, too).
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
    maxMessages: options.maxMessagesPerConnection,
    // Once, for a warm connection that the server closed meanwhile. All else is the caller's.
    maxRequeues: 1,
    idleTimeout: IDLE_CONNECTION_MS,
    // Bounds the whole set-up up to the end of STARTTLS, of which dialling is only a part.
    connectionTimeout: timeouts.connectMs + 2 * timeouts.greetingMs,
    greetingTimeout: timeouts.greetingMs,
    // The limits of the attempt come first.
    socketTimeout: timeouts.sendMs + timeouts.contentMs,
    socketCloseTimeout: CLOSE_GRACE_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

async function allClosed(sockets: ReadonlySet<net.Socket>): Promise<void> {
  const open = [...sockets];
  const timer = setTimeout(() => open.forEach((socket) => socket.destroy()), CLOSE_GRACE_MS);
  await Promise.all(open.map((socket) =>
    new Promise<void>((resolve) => {
      if (socket.closed) resolve();
      else socket.once("close", () => resolve());
    })
  ));
  clearTimeout(timer);
}
