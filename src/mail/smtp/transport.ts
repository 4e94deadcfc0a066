/** A mail transport over SMTP, by nodemailer: pooled connections, our dialler, receipts as values. */

import { formatAddress } from "../../net/address.ts";
import { type Log, silentLog } from "../../log.ts";
import { needsSmtpUtf8, recipientProblem } from "../address.ts";
import { orAborted } from "../../abort.ts";
import { startDeadline } from "../../net/deadline.ts";
import { type Lookup, lookupAll } from "../../net/dial.ts";
import { serverMessageId } from "./server_message_id.ts";
import { MessageBuilder } from "./message/message_builder.ts";
import {
  areSameSecrets,
  readSmtpSecrets,
  type SmtpOptions,
  type SmtpSecrets,
  type SmtpSecretsResult,
} from "./options.ts";
import type { Login } from "./login.ts";
import { openTokenSource } from "./oauth/open.ts";
import type { TokenSource } from "./oauth/token_source.ts";
import { WithheldError } from "./content.ts";
import { createSmtpPool, type SendAttempt, type SmtpPool, type SmtpTimeouts } from "./pool.ts";
import { probeSmtp } from "./probe.ts";
import { smtpRefusal } from "./receipt.ts";
import { REMEDIES, UTF8_REMEDIES } from "./remedies.ts";
import type { MailMessage, MailTransport, Receipt, Refusal } from "../transport.ts";
import { singleLine } from "../../text.ts";

/** Dependencies that tests replace. */
export interface SmtpDeps {
  /** For what the operator has to know and no refusal tells; default nowhere. */
  readonly log?: Pick<Log, "warn">;
  /** Where access tokens come from, if not from what the options say. */
  readonly tokens?: TokenSource;
  readonly lookup?: Lookup;
  readonly timeouts?: Partial<SmtpTimeouts>;
  readonly secretsMs?: number;
}

/** How long secrets are cached during a burst of emails; reading them costs a tenth of an email. */
const SECRETS_MS = 500;

const TIMEOUTS: SmtpTimeouts = {
  connectMs: 10_000,
  // RFC 5321 §4.5.3.2.1: a server that is busy, or that tarpits strangers, takes its time to greet.
  greetingMs: 300_000,
  sendMs: 300_000,
  // RFC 5321 §4.5.3.2.6: a client that disconnects while the server is still processing sends twice.
  contentMs: 600_000,
};

/** Creates the transport; it connects when there is an email to send. */
export function createSmtpTransport(options: SmtpOptions, deps: SmtpDeps = {}): MailTransport {
  return new SmtpTransport(options, {
    lookup: deps.lookup ?? lookupAll,
    timeouts: { ...TIMEOUTS, ...deps.timeouts },
    secretsMs: deps.secretsMs ?? SECRETS_MS,
    log: deps.log ?? silentLog,
  }, deps.tokens);
}

const WORKS: Receipt = { ok: true, messageId: "", response: "" };

/** What a server offers may change with an update. */
const EXTENSIONS_MS = 600_000;

const MECHANISMS = { "plain": "PLAIN", "login": "LOGIN", "cram-md5": "CRAM-MD5" } as const;

/** A pool and the secrets it was made with. */
interface Generation {
  readonly secrets: SmtpSecrets;
  readonly pool: SmtpPool;
}

/** What the caller of the transport asks for. */
interface Asked {
  readonly signal: AbortSignal;
  readonly mayStart: () => boolean;
  /** Addresses that a refusal may name. */
  readonly addresses: readonly string[];
}

class SmtpTransport implements MailTransport {
  readonly maxConnections: number;
  readonly maxMessagesPerSecond?: number;
  readonly #target: string;
  readonly #messages: MessageBuilder;
  readonly #pools = new Set<SmtpPool>();
  #current: Generation | undefined;
  #read: { readonly atMs: number; readonly result: Promise<SmtpSecretsResult> } | undefined;
  #disposed = false;
  readonly #tokens: TokenSource | undefined;
  readonly #ownTokens: Disposable | undefined;
  #hasWarnedOfNoLogin = false;
  #utf8: { readonly atMs: number; readonly isOffered: boolean } | undefined;

  constructor(
    private readonly options: SmtpOptions,
    private readonly deps: {
      readonly lookup: Lookup;
      readonly timeouts: SmtpTimeouts;
      readonly secretsMs: number;
      readonly log: Pick<Log, "warn">;
    },
    tokens: TokenSource | undefined,
  ) {
    const { auth } = options;
    if (auth !== undefined && "oauth" in auth) {
      const own = tokens === undefined ? openTokenSource(auth, deps.log) : undefined;
      this.#tokens = tokens ?? own?.tokens;
      this.#ownTokens = own;
    }
    this.maxConnections = Math.max(1, options.maxConnections);
    if (options.maxMessagesPerSecond !== undefined) {
      this.maxMessagesPerSecond = options.maxMessagesPerSecond;
    }
    this.#target = formatAddress(options);
    this.#messages = new MessageBuilder(options.host);
  }

  async send(
    message: MailMessage,
    signal: AbortSignal,
    mayStart: () => boolean = () => true,
  ): Promise<Receipt> {
    const problem = recipientProblem(message.to);
    if (problem !== undefined) {
      const error = `Cannot send mail to '${singleLine(message.to)}': the address ${problem}`;
      return { ok: false, category: "recipient", retry: "never", error };
    }
    const addresses = [message.from.address, message.to];
    const open = (secrets: SmtpSecrets) => this.#poolFor(secrets);
    return await this.#attempt({ signal, mayStart, addresses }, open, async (pool, attempt) => {
      const unfit = await this.#withoutUtf8(message, attempt.signal);
      if (unfit !== undefined) return unfit;
      const finished = await this.#messages.build(message);
      const result = await pool.send(finished, attempt);
      const { response, rejected, serverMessageId: known } = result;
      if (rejected.length > 0) throw rejected[0];
      const messageId = serverMessageId(response, known) ?? message.messageId;
      return { ok: true, messageId, response: singleLine(response) };
    });
  }

  async verify(signal: AbortSignal): Promise<Receipt> {
    // Its own pool, so that a cancelled check closes only its own connection.
    const opened: SmtpPool[] = [];
    const open = (secrets: SmtpSecrets) => {
      const pool = this.#open(secrets);
      opened.push(pool);
      return pool;
    };
    try {
      const asked = { signal, mayStart: () => false, addresses: [] };
      const receipt = await this.#attempt(asked, open, async (pool, attempt) => {
        await orAborted(pool.verify(), attempt.signal);
        return WORKS;
      });
      // It takes no more connections than we have: so it works, and mails go over those.
      const isFull = !receipt.ok && receipt.pace === "connections";
      const hasOthers = [...this.#pools].some((pool) =>
        !opened.includes(pool) && pool.connections > 0
      );
      return isFull && hasOthers ? WORKS : receipt;
    } finally {
      for (const pool of opened) await this.#close(pool);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#current = undefined;
    await Promise.all([...this.#pools].map((pool) => this.#close(pool)));
    this.#ownTokens?.[Symbol.dispose]();
  }

  async #attempt(
    { signal, mayStart, addresses }: Asked,
    poolFor: (secrets: SmtpSecrets) => SmtpPool,
    run: (pool: SmtpPool, attempt: SendAttempt) => Promise<Receipt>,
  ): Promise<Receipt> {
    const read = await this.#secrets();
    if (!read.ok) {
      const remedy = REMEDIES.configuration;
      return {
        ok: false,
        category: "configuration",
        retry: "transport",
        error: read.error,
        remedy,
      };
    }
    if (signal.aborted || this.#disposed) return this.#cancelled();
    const pool = poolFor(read.secrets);
    const { sendMs, contentMs } = this.deps.timeouts;
    using deadline = startDeadline(
      sendMs,
      signal,
      () => attempt.contentStarted ? contentMs : 0,
    );
    const attempt = { signal: deadline.signal, mayStart, contentStarted: false };
    try {
      return await run(pool, attempt);
    } catch (error) {
      if (error instanceof WithheldError) return this.#cancelled();
      return smtpRefusal(error, {
        target: this.#target,
        secrets: this.#hidden(read.secrets),
        contentStarted: attempt.contentStarted,
        expired: deadline.expired,
        cancelled: signal.aborted || this.#disposed,
        addresses,
        insecure: this.options.insecureSkipVerify,
      });
    }
  }

  /** The current secrets, cached for a moment. */
  #secrets(): Promise<SmtpSecretsResult> {
    const nowMs = performance.now();
    if (this.#read === undefined || nowMs - this.#read.atMs >= this.deps.secretsMs) {
      this.#read = { atMs: nowMs, result: readSmtpSecrets(this.options) };
    }
    return this.#read.result;
  }

  /** The pool for these secrets: after a change, new connections are made and old ones finish. */
  #poolFor(secrets: SmtpSecrets): SmtpPool {
    const current = this.#current;
    if (current?.secrets === secrets) return current.pool;
    const isSame = current !== undefined && areSameSecrets(current.secrets, secrets);
    if (current !== undefined && !isSame) void this.#retire(current.pool);
    const pool = isSame ? current.pool : this.#open(secrets);
    this.#current = { secrets, pool };
    return pool;
  }

  #open(secrets: SmtpSecrets): SmtpPool {
    const pool = createSmtpPool(this.options, secrets, this.#login(secrets), this.deps);
    this.#pools.add(pool);
    return pool;
  }

  /**
   * The refusal of a mail with a non-ASCII local part, where the server has no SMTPUTF8: nodemailer would
   * send the address all the same, which RFC 6531 §3.2 forbids.
   */
  async #withoutUtf8(
    { from, to }: MailMessage,
    signal: AbortSignal,
  ): Promise<Refusal | undefined> {
    const isSender = needsSmtpUtf8(from.address);
    if (!isSender && !needsSmtpUtf8(to)) return undefined;
    if (await this.#takesUtf8(signal)) return undefined;
    const error =
      `Cannot send mail through SMTP server '${this.#target}': the server does not offer ` +
      `SMTPUTF8, which the ${isSender ? "sender" : "address"} '${
        singleLine(isSender ? from.address : to)
      }' needs`;
    return isSender
      ? {
        ok: false,
        category: "configuration",
        retry: "transport",
        error,
        remedy: UTF8_REMEDIES.sender,
      }
      : {
        ok: false,
        category: "recipient",
        retry: "never",
        error,
        remedy: UTF8_REMEDIES.recipient,
      };
  }

  /** Asked by a connection of its own, and remembered for a while: such addresses are rare. */
  async #takesUtf8(signal: AbortSignal): Promise<boolean> {
    const nowMs = performance.now();
    if (this.#utf8 === undefined || nowMs - this.#utf8.atMs >= EXTENSIONS_MS) {
      const { extensions } = await probeSmtp(this.options, signal, this.deps);
      this.#utf8 = { atMs: nowMs, isOffered: extensions.includes("SMTPUTF8") };
    }
    return this.#utf8.isOffered;
  }

  #login({ password = "" }: SmtpSecrets): Login | undefined {
    const { auth } = this.options;
    if (auth === undefined) return undefined;
    const { username } = auth;
    if (this.#tokens !== undefined) return { kind: "token", username, tokens: this.#tokens };
    if (!("password" in auth)) return undefined;
    const mechanism = auth.method === undefined ? undefined : MECHANISMS[auth.method];
    return {
      kind: "password",
      username,
      password,
      ...mechanism === undefined ? {} : { mechanism },
      isRequired: auth.isRequired ?? false,
      onNoLogin: () => {
        if (this.#hasWarnedOfNoLogin) return;
        this.#hasWarnedOfNoLogin = true;
        this.deps.log.warn(
          "Mail server offers no supported login mechanism, emails are sent without login: remove " +
            "smtp.username, or set smtp.require_auth to make that an error",
          { server: this.#target },
        );
      },
    };
  }

  async #retire(pool: SmtpPool): Promise<void> {
    await pool.idle();
    await this.#close(pool);
  }

  async #close(pool: SmtpPool): Promise<void> {
    this.#pools.delete(pool);
    await pool.close();
  }

  /** The password alone, and as AUTH PLAIN sends it (RFC 4616 §2). */
  #hidden({ password }: SmtpSecrets): readonly string[] {
    const { auth } = this.options;
    return password === undefined ? [] : [password, `\0${auth?.username}\0${password}`];
  }

  #cancelled(): Refusal {
    const error = `Cannot send mail through SMTP server '${this.#target}': cancelled`;
    return { ok: false, category: "cancelled", retry: "later", error };
  }
}
