/** A simulated mail server: SMTP with STARTTLS or implicit TLS, with or without login, and faults. */

import { Buffer } from "node:buffer";
import PostalMime from "postal-mime";
import {
  SMTPServer,
  type SMTPServerAuthentication,
  type SMTPServerDataStream,
  type SMTPServerOptions,
  type SMTPServerSession,
} from "smtp-server";
import { issueServer } from "../pki/identity.ts";
import { MailFaults, SmtpReply } from "./mail_faults.ts";
import { Mailbox, type ReceivedMail } from "./mailbox.ts";
import { createAuthority } from "../pki/pki.ts";
import { TcpListener } from "../proxy/tcp_listener.ts";
import { Timers } from "../cluster/timers.ts";

/** How the server offers TLS and login. */
export interface MailServerOptions {
  /** TLS from the first byte (RFC 8314 §3.3) instead of STARTTLS. */
  readonly implicitTls?: boolean;
  /** Absent = login is neither offered nor required. */
  readonly auth?: { readonly username: string; readonly password: string };
  readonly hideStarttls?: boolean;
  /** Neither offers nor requires AUTH although there is a user. */
  readonly hideAuth?: boolean;
  /** Allows a login without TLS, as with CRAM-MD5 and old servers. */
  readonly allowInsecureAuth?: boolean;
  /** Default PLAIN and LOGIN, or XOAUTH2 where tokens are taken. */
  readonly authMethods?: readonly string[];
  /** Takes access tokens (XOAUTH2) for this mailbox in place of a password. */
  readonly tokens?: { readonly mailbox: string; readonly accepts: (token: string) => boolean };
  /**
   * How a bad token is refused: Microsoft 365 says 535 at once, Google first sends a challenge (334) with
   * the reason. Default `535`.
   */
  readonly tokenRefusal?: "535" | "334";
  /**
   * Replaces the Message-ID as Microsoft 365 does, which names the new one in its reply, or as services do
   * that do not.
   */
  readonly rewritesMessageId?: "named" | "unnamed";
  /** The next connection over this is greeted with 421. */
  readonly maxConnections?: number;
}

/** How long smtp-server delays its greeting, with a timer that it does not clear. */
const GREETING_DELAY_MS = 100;

/** Starts a mail server for `localhost` on a free port of 127.0.0.1. */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const authority = await createAuthority("Simulated Mail CA");
  const { keyPem, certPem } = await issueServer(authority);
  const server = new MailServer(options, authority.certPem, keyPem, certPem);
  await server.start();
  return server;
}

/** The server with its switches; `MailFaults` has the faults. */
export class MailServer extends MailFaults implements AsyncDisposable {
  readonly mailbox: Mailbox = new Mailbox();
  readonly #timers = new Timers();
  readonly #listener: TcpListener;
  #lastConnection = 0;
  /** By smtp-server's count: Deno reports no end of a socket under the TLS of STARTTLS. */
  readonly #sessions = new Set<string>();

  constructor(
    readonly options: MailServerOptions,
    /** The CA of the server's certificate, in PEM. */
    readonly caPem: string,
    keyPem: string,
    certPem: string,
  ) {
    super();
    const smtp = new SMTPServer({ ...this.#smtpOptions(), key: keyPem, cert: certPem });
    // A TLS alert from a client would otherwise end the process.
    smtp.on("error", () => {});
    smtp.server.on("connection", () => this.#lastConnection = Date.now());
    this.#listener = new TcpListener(smtp.server);
  }

  get port(): number {
    return this.#listener.port;
  }

  /** The number of open connections. */
  get connections(): number {
    return this.#listener.connections;
  }

  /** The number of connections opened so far. */
  get accepted(): number {
    return this.#listener.accepted;
  }

  /** The accepted emails. */
  get mails(): readonly ReceivedMail[] {
    return this.mailbox.mails;
  }

  /** Waits until at least `count` emails were accepted. */
  waitForMails(count: number, timeoutMs?: number): Promise<readonly ReceivedMail[]> {
    return this.mailbox.waitFor(count, timeoutMs);
  }

  /** Breaks every connection. */
  breakConnections(): void {
    this.#listener.breakConnections();
  }

  /** Goes down: connections break and new ones are refused. */
  async stop(): Promise<void> {
    await this.#listener.stop();
  }

  /** Comes back on the same port. */
  async start(): Promise<void> {
    await this.#listener.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timers[Symbol.dispose]();
    this.mailbox[Symbol.dispose]();
    await this.stop();
    const age = Date.now() - this.#lastConnection;
    await new Timers().pause(GREETING_DELAY_MS + 10 - age);
  }

  #smtpOptions(): SMTPServerOptions {
    const { options } = this;
    const asksForUser = (options.auth ?? options.tokens) !== undefined && !options.hideAuth;
    return {
      name: "mail.localhost",
      secure: options.implicitTls ?? false,
      hideSTARTTLS: options.hideStarttls ?? false,
      disabledCommands: [
        ...asksForUser ? [] : ["AUTH"],
        ...options.hideStarttls ? ["STARTTLS"] : [],
      ],
      authOptional: !asksForUser,
      allowInsecureAuth: options.allowInsecureAuth ?? false,
      authMethods: [
        ...options.authMethods ?? (options.tokens === undefined ? ["PLAIN", "LOGIN"] : ["XOAUTH2"]),
      ],
      disableReverseLookup: true,
      logger: false,
      onAuth: (auth, _session, callback) => {
        if (auth.method === "XOAUTH2") return this.#checkToken(auth, callback);
        const { username, password } = options.auth ?? {};
        const known = auth.username === username &&
          (auth.method as string === "CRAM-MD5"
            ? auth.validatePassword(password ?? "")
            : auth.password === password);
        this.#reply(() => this.checkAuth(known), callback, { user: auth.username });
      },
      onConnect: (session, callback) => {
        this.#sessions.add(session.id);
        this.#reply(() => this.#checkRoom(), callback);
      },
      onSecure: (socket, _session, callback) => {
        this.#listener.breakFirst(socket);
        callback();
      },
      onClose: ({ id }) => void this.#sessions.delete(id),
      onMailFrom: (_address, _session, callback) => this.#reply(() => this.checkMail(), callback),
      onRcptTo: ({ address }, session, callback) =>
        this.#reply(() => this.#checkRecipient(address, session), callback),
      onData: (stream, session, callback) =>
        void this.#keep(stream, session).then(
          (reply) => this.#reply<string>(() => this.#hangUp(session), callback, reply),
          callback,
        ),
    };
  }

  #checkToken(
    { username = "", accessToken = "" }: SMTPServerAuthentication,
    callback: (error?: Error | null, response?: { user?: string; data?: object }) => void,
  ): void {
    const { tokens, tokenRefusal } = this.options;
    const known = tokens !== undefined && tokens.mailbox === username &&
      tokens.accepts(accessToken);
    if (known || tokenRefusal !== "334") {
      return this.#reply(() => this.checkAuth(known), callback, { user: username });
    }
    const data = { status: "400", schemes: "Bearer", scope: "https://mail.google.com/" };
    this.#reply(() => {}, callback, { data });
  }

  #checkRoom(): void {
    if (this.#sessions.size <= (this.options.maxConnections ?? Infinity)) return;
    throw new SmtpReply(421, "4.7.0 Too many concurrent SMTP connections");
  }

  /** Answers after the configured delay, with an error if the check throws one. */
  #reply<T>(
    check: () => boolean | void,
    callback: (error?: Error | null, response?: T) => void,
    response?: T,
  ): void {
    this.#timers.pause(this.replyDelayMs).then(() => {
      try {
        if (check() !== false) callback(null, response);
      } catch (error) {
        callback(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  /** False when the client gets no answer because its connection was broken. */
  #hangUp(session: SMTPServerSession): boolean {
    if (!this.takeHangUp()) return true;
    this.#listener.breakConnections(session.remotePort);
    return false;
  }

  #checkRecipient(address: string, session: SMTPServerSession): boolean {
    this.checkRecipient(address);
    if (!this.disconnectsAt(address)) return true;
    this.#listener.breakConnections(session.remotePort);
    return false;
  }

  /** Returns the words of the reply; undefined for the usual ones. */
  async #keep(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
  ): Promise<string | undefined> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    this.checkData();
    const sent = Buffer.concat(chunks);
    const { rewritesMessageId } = this.options;
    const newId = rewritesMessageId === undefined
      ? undefined
      : `<${crypto.randomUUID()}@SIM.eurprd01.prod.outlook.com>`;
    const bytes = newId === undefined ? sent : Buffer.from(
      sent.toString("latin1").replace(/^Message-ID:.*$/im, `Message-ID: ${newId}`),
      "latin1",
    );
    const { mailFrom, rcptTo } = session.envelope;
    this.mailbox.add({
      envelope: {
        from: mailFrom ? mailFrom.address : "",
        to: rcptTo.map(({ address }) => address),
      },
      raw: bytes.toString(),
      parsed: await PostalMime.parse(bytes),
      tls: session.secure,
      hello: session.hostNameAppearsAs,
      // Before a login smtp-server passes false, contrary to its types.
      ...session.user && { user: session.user },
      receivedAt: new Date(),
    });
    return rewritesMessageId === "named"
      ? `2.0.0 OK ${newId} [Hostname=SIM.eurprd01.prod.outlook.com]`
      : undefined;
  }
}
