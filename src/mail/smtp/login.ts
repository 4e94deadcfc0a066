/**
 * Logging in (RFC 4954), as a custom mechanism of nodemailer's: it chooses among what the server offers,
 * which nodemailer's own login does not. A password or token never goes to a server that did not offer a
 * mechanism we use, and an access token that the server refuses is replaced once.
 */

import { createHmac } from "node:crypto";
import { judgeReply, parseReply } from "./reply.ts";
import type { AccessToken, TokenSource } from "./oauth/token_source.ts";

/** Names the custom mechanism to nodemailer. */
export const LOGIN_HANDLER = "TELEPORT-EMAIL";

/** The AUTH mechanisms for a password. */
export type PasswordMechanism = "PLAIN" | "LOGIN" | "CRAM-MD5";

/** The credentials of a login: a password, or access tokens. */
export type Login =
  | {
    readonly kind: "password";
    readonly username: string;
    readonly password: string;
    /** Absent = the first of PLAIN, LOGIN and CRAM-MD5 that the server offers. */
    readonly mechanism?: PasswordMechanism;
    /** Refuses to send without login where the server offers no mechanism. */
    readonly isRequired: boolean;
    /** Called whenever an email is going to leave without login. */
    readonly onNoLogin: () => void;
  }
  | { readonly kind: "token"; readonly username: string; readonly tokens: TokenSource };

/** A login, and the server that it is for. */
export interface LoginOptions {
  readonly login: Login;
  readonly host: string;
  readonly port: number;
  readonly helloName: string;
}

/** A failed login. */
export class LoginError extends Error {
  override readonly name = "LoginError";
  constructor(
    /** As in `AUTH PLAIN`; undefined when none was tried. */
    readonly mechanism: string | undefined,
    /** The server's reply, or why nothing was tried. */
    readonly words: string,
    /** What must not be in a message. */
    readonly secrets: readonly string[] = [],
  ) {
    super(words);
  }
}

/** What nodemailer passes to a custom mechanism. */
interface LoginContext {
  readonly authMethods: readonly string[];
  sendCommand(command: string, done: (error: Error | null, reply?: unknown) => void): unknown;
  resolve(): void;
  reject(error: Error): void;
}

/** A step of the exchange: a line to send, whose reply comes back, or something to wait for. */
type Step = string | Promise<unknown>;
type Exchange<T> = Generator<Step, T, unknown>;

/** RFC 4954 §4, RFC 5321 §4.5.3.1.4: a longer initial response goes on a line of its own. */
const MAX_COMMAND = 512;

/**
 * The handler for the connections of one pool. What PLAIN and LOGIN have come to is remembered: a server
 * whose PLAIN is broken costs one refused login, and a wrong password is not tried twice for ever.
 */
export function loginHandler(options: LoginOptions): (context: LoginContext) => void {
  const memory: Memory = { prefersLogin: false, hasLoginFailed: false };
  return (context) => run(exchange(options, context.authMethods, memory), context);
}

interface Memory {
  /** LOGIN has worked where PLAIN was refused. */
  prefersLogin: boolean;
  /** Both were refused. */
  hasLoginFailed: boolean;
}

/**
 * Replies are handled within nodemailer's own callback: a 421 closes the connection right after it, and
 * the reason would be lost.
 */
function run(exchange: Exchange<void>, context: LoginContext): void {
  const advance = (result: () => IteratorResult<Step, void>): void => {
    let next: IteratorResult<Step, void>;
    try {
      next = result();
    } catch (error) {
      return context.reject(error instanceof Error ? error : new Error(String(error)));
    }
    if (next.done) return context.resolve();
    const step = next.value;
    if (typeof step !== "string") {
      step.then((value) => advance(() => exchange.next(value)), (error) => {
        advance(() => exchange.throw(error));
      });
      return;
    }
    context.sendCommand(step, (_error, reply) => advance(() => exchange.next(textOf(reply))));
  };
  advance(() => exchange.next());
}

function textOf(reply: unknown): string {
  return typeof reply === "object" && reply !== null && "response" in reply
    ? String(reply.response)
    : "";
}

function* exchange(
  options: LoginOptions,
  offered: readonly string[],
  memory: Memory,
): Exchange<void> {
  const { login } = options;
  if (login.kind === "token") return yield* byToken(options, login, offered);
  const wanted = login.mechanism === undefined ? ["PLAIN", "LOGIN", "CRAM-MD5"] : [login.mechanism];
  const usable = wanted.filter((mechanism) => offered.includes(mechanism));
  if (memory.prefersLogin && usable.includes("LOGIN")) usable.unshift("LOGIN");
  const [first] = usable;
  if (first === undefined) {
    if (!login.isRequired) return login.onNoLogin();
    const what = login.mechanism ?? "PLAIN, LOGIN and CRAM-MD5";
    throw new LoginError(undefined, `the server offers none of the supported mechanisms: ${what}`);
  }
  const reply = yield* byPassword(first, login);
  if (isSuccess(reply)) return;
  const secrets = [login.password, `\0${login.username}\0${login.password}`];
  const failure = new LoginError(first, reply, secrets);
  const mayFallBack = first === "PLAIN" && usable.includes("LOGIN") && !memory.hasLoginFailed &&
    isPlainRefusal(reply);
  if (!mayFallBack) throw failure;
  if (!isSuccess(yield* byPassword("LOGIN", login))) {
    memory.hasLoginFailed = true;
    throw failure;
  }
  memory.prefersLogin = true;
}

/** A refusal of the credentials that says nothing else: PLAIN itself may be what is broken. */
function isPlainRefusal(reply: string): boolean {
  if (!/^5/.test(reply)) return false;
  const { category, remedy } = judgeReply(parseReply("AUTH", Number(reply.slice(0, 3)), reply));
  return category === "authentication" && remedy === undefined;
}

function* byPassword(
  mechanism: string,
  { username, password }: Extract<Login, { kind: "password" }>,
): Exchange<string> {
  switch (mechanism) {
    case "PLAIN":
      // RFC 4616 §2.
      return yield* withInitialResponse("PLAIN", base64(`\0${username}\0${password}`));
    case "LOGIN":
      return yield* answering("AUTH LOGIN", [() => base64(username), () => base64(password)]);
    default:
      return yield* answering("AUTH CRAM-MD5", [(challenge) => {
        const hmac = createHmac("md5", password).update(fromBase64(challenge)).digest("hex");
        return base64(`${username} ${hmac}`);
      }]);
  }
}

/** RFC 7628 §3.1, and Google's and Microsoft's own mechanism before it. */
function* byToken(
  options: LoginOptions,
  { username, tokens }: Extract<Login, { kind: "token" }>,
  offered: readonly string[],
): Exchange<void> {
  const mechanism = offered.includes("XOAUTH2") ? "XOAUTH2" : yield* otherThanXoauth2(options);
  let token = (yield tokens.get()) as AccessToken;
  for (let isFresh = false;; isFresh = true) {
    const response = mechanism === "XOAUTH2"
      ? `user=${username}\x01auth=Bearer ${token.value}\x01\x01`
      : `n,a=${saslName(username)},\x01host=${options.host}\x01port=${options.port}\x01` +
        `auth=Bearer ${token.value}\x01\x01`;
    let reply = yield* withInitialResponse(mechanism, base64(response));
    // The reason, in JSON; the server then waits for a line without a meaning.
    const reason = reply.startsWith("334") ? reasonIn(reply) : "";
    if (reply.startsWith("334")) {
      reply = (yield mechanism === "XOAUTH2" ? "" : base64("\x01")) as string;
    }
    if (isSuccess(reply)) return;
    const failure = new LoginError(mechanism, reply + reason, [token.value, response]);
    if (isFresh || !reply.startsWith("535")) throw failure;
    // It may have been revoked, or the permission was granted after it was issued.
    tokens.refused(token);
    const next = (yield tokens.get()) as AccessToken;
    if (next.value === token.value) throw failure;
    token = next;
  }
}

/** nodemailer tells of no mechanism but its own: EHLO again says them all. */
function* otherThanXoauth2({ helloName }: LoginOptions): Exchange<string> {
  const reply = (yield `EHLO ${helloName}`) as string;
  const offered = [...reply.matchAll(/^250[ -]AUTH[ =](.*)$/gim)]
    .flatMap(([, list = ""]) => list.trim().toUpperCase().split(/\s+/));
  if (offered.includes("OAUTHBEARER")) return "OAUTHBEARER";
  const what = offered.length === 0 ? "offers no login" : `offers only ${offered.join(", ")}`;
  throw new LoginError(
    undefined,
    `the server does not accept access tokens (XOAUTH2, OAUTHBEARER), it ${what}`,
  );
}

function* withInitialResponse(mechanism: string, response: string): Exchange<string> {
  const command = `AUTH ${mechanism} ${response}`;
  if (command.length + 2 <= MAX_COMMAND) return (yield command) as string;
  return yield* answering(`AUTH ${mechanism}`, [() => response]);
}

/** Sends the command, and an answer to each 334 as long as there are any. */
function* answering(
  command: string,
  answers: readonly ((challenge: string) => string)[],
): Exchange<string> {
  let reply = (yield command) as string;
  for (const answer of answers) {
    if (!reply.startsWith("334")) return reply;
    reply = (yield answer(reply.slice(4).trim())) as string;
  }
  return reply;
}

function isSuccess(reply: string): boolean {
  return reply.startsWith("2");
}

/** What Google and RFC 7628 servers say of a token that they refuse. */
function reasonIn(challenge: string): string {
  try {
    const { status, scope } = JSON.parse(fromBase64(challenge.slice(4).trim()));
    const parts = [
      ...typeof status === "string" ? [`status ${status}`] : [],
      ...typeof scope === "string" ? [`scope ${scope}`] : [],
    ];
    return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
  } catch {
    return "";
  }
}

/** RFC 5801 §4. */
function saslName(name: string): string {
  return name.replaceAll("=", "=3D").replaceAll(",", "=2C");
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

function fromBase64(text: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.fromBase64(text));
  } catch {
    return "";
  }
}
