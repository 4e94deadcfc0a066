/**
 * A simulated token endpoint (OAuth 2.0, RFC 6749): every grant and client authentication that mail
 * services use, over TLS, with tokens that expire, errors as Entra and Google word them, and faults.
 */

import { X509Certificate } from "node:crypto";
import { decodeProtectedHeader, importSPKI, jwtVerify } from "jose";
import { issueServer } from "../pki/identity.ts";
import { createAuthority } from "../pki/pki.ts";

/** A registered client and its credentials. */
export interface TokenClient {
  readonly secret?: string;
  /** PEM: signs its assertions (`private_key_jwt`). */
  readonly certificatePem?: string;
  /** An assertion of another issuer, compared literally. */
  readonly federatedAssertion?: string;
  /** Its valid refresh tokens. */
  readonly refreshTokens?: readonly string[];
}

/** A service account that may act for mailboxes (RFC 7523). */
export interface ServiceAccount {
  /** PEM, SPKI. */
  readonly publicKeyPem: string;
  readonly mailboxes: readonly string[];
}

/** Clients, service accounts and the clock of the endpoint. */
export interface TokenServerOptions {
  readonly clients?: Readonly<Record<string, TokenClient>>;
  readonly serviceAccounts?: Readonly<Record<string, ServiceAccount>>;
  /** Milliseconds since 1970, for tokens, assertions and the Date header. */
  readonly now?: () => number;
}

/** A parsed request. */
export interface TokenRequest {
  readonly grantType: string;
  readonly clientId: string | undefined;
  readonly scope: string | undefined;
  /** How the client authenticated. */
  readonly proof: "secret" | "basic" | "certificate" | "federated" | "assertion" | "none";
}

interface PlannedAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** Starts the endpoint for `localhost` on a free port of 127.0.0.1. */
export async function startTokenServer(options: TokenServerOptions = {}): Promise<TokenServer> {
  const authority = await createAuthority("Simulated Token CA");
  const { keyPem, certPem } = await issueServer(authority);
  const server = new TokenServer(options, authority.certPem, keyPem, certPem);
  server.start();
  return server;
}

/** The endpoint with its switches. */
export class TokenServer implements AsyncDisposable {
  /** Requests that were granted, in order. */
  readonly granted: TokenRequest[] = [];
  /** The number of calls, including refused ones. */
  calls = 0;
  /** Lifetime of tokens, seconds. */
  lifetimeS = 3600;
  /** Milliseconds before each answer. */
  delayMs = 0;
  /** Claims of the tokens; `roles` is the application permission that Entra grants. */
  claims: Readonly<Record<string, unknown>> = { roles: ["SMTP.SendAsApp"] };
  /** The new refresh token to send with an answer. */
  nextRefreshToken: string | undefined;
  readonly #planned: PlannedAnswer[] = [];
  /** The expiry of each issued token. */
  readonly #tokens = new Map<string, number>();
  #server: Deno.HttpServer<Deno.NetAddr> | undefined;
  #port = 0;
  #issued = 0;

  constructor(
    private readonly options: TokenServerOptions,
    /** The CA of the server's certificate, in PEM. */
    readonly caPem: string,
    private readonly keyPem: string,
    private readonly certPem: string,
  ) {}

  get tokenUrl(): string {
    return `https://localhost:${this.#port}/tenant/oauth2/v2.0/token`;
  }

  /** Whether a mail server accepts this token. */
  accepts(token: string): boolean {
    return (this.#tokens.get(token) ?? 0) > this.#now();
  }

  /** Revokes all issued tokens. */
  revokeAll(): void {
    this.#tokens.clear();
  }

  /** Gives the next `times` calls this answer. */
  failNext(
    status: number,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
    times = 1,
  ): void {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    for (let i = 0; i < times; i++) this.#planned.push({ status, body: text, headers });
  }

  /** Goes down: new connections are refused. */
  async stop(): Promise<void> {
    await this.#server?.shutdown();
    this.#server = undefined;
  }

  /** Listens, again on the same port after `stop()`. */
  start(): void {
    this.#server ??= Deno.serve(
      {
        hostname: "127.0.0.1",
        port: this.#port,
        cert: this.certPem,
        key: this.keyPem,
        onListen: () => {},
      },
      (request) => this.#handle(request),
    );
    this.#port = this.#server.addr.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #handle(request: Request): Promise<Response> {
    this.calls++;
    const body = new URLSearchParams(await request.text());
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    const planned = this.#planned.shift();
    const date = { date: new Date(this.#now()).toUTCString() };
    if (planned !== undefined) {
      const headers = { "content-type": "application/json", ...date, ...planned.headers };
      return new Response(planned.body, { status: planned.status, headers });
    }
    try {
      const answer = await this.#grant(body, request.headers.get("authorization"));
      return Response.json(answer, { headers: { "cache-control": "no-store", ...date } });
    } catch (error) {
      if (!(error instanceof OAuthFault)) throw error;
      return Response.json(error.body, { status: error.status, headers: date });
    }
  }

  async #grant(body: URLSearchParams, authorization: string | null) {
    const grantType = body.get("grant_type") ?? "";
    const scope = body.get("scope") ?? undefined;
    if (grantType === JWT_BEARER) {
      const mailbox = await this.#serviceAccount(body.get("assertion") ?? "");
      this.granted.push({ grantType, clientId: undefined, scope, proof: "assertion" });
      return this.#issue(mailbox);
    }
    const { clientId, client, proof } = await this.#client(body, authorization);
    if (grantType === "refresh_token") {
      if (!client.refreshTokens?.includes(body.get("refresh_token") ?? "")) {
        throw new OAuthFault("invalid_grant", 700082, "The refresh token has expired");
      }
    } else if (grantType !== "client_credentials") {
      throw new OAuthFault("unsupported_grant_type", 70003, "The grant type is not supported");
    } else if (!scope?.endsWith("/.default")) {
      throw new OAuthFault("invalid_scope", 1002012, "The provided value for scope is not valid");
    }
    this.granted.push({ grantType, clientId, scope, proof });
    const next = grantType === "refresh_token" ? this.nextRefreshToken : undefined;
    return { ...this.#issue(clientId), ...next === undefined ? {} : { "refresh_token": next } };
  }

  async #client(body: URLSearchParams, authorization: string | null) {
    const basic = /^Basic (.+)$/.exec(authorization ?? "")?.[1];
    const [basicId, basicSecret] = basic === undefined
      ? []
      : atob(basic).split(":").map((part) => decodeURIComponent(part.replaceAll("+", " ")));
    const clientId = basicId ?? body.get("client_id") ?? "";
    const client = this.options.clients?.[clientId];
    if (client === undefined) {
      throw new OAuthFault(
        "unauthorized_client",
        700016,
        "Application was not found in the directory",
      );
    }
    const assertion = body.get("client_assertion");
    if (assertion !== null) {
      const isFederated = assertion === client.federatedAssertion;
      if (!isFederated) await this.#checkAssertion(assertion, clientId, client.certificatePem);
      return { clientId, client, proof: isFederated ? "federated" : "certificate" } as const;
    }
    const secret = basicSecret ?? body.get("client_secret");
    if (client.secret === undefined && secret === null) {
      return { clientId, client, proof: "none" } as const;
    }
    if (secret !== client.secret) {
      throw new OAuthFault("invalid_client", 7000215, "Invalid client secret provided.", 401);
    }
    return { clientId, client, proof: basic === undefined ? "secret" : "basic" } as const;
  }

  /** As Entra does: the thumbprint names the certificate, the audience is this endpoint. */
  async #checkAssertion(
    assertion: string,
    clientId: string,
    certificatePem: string | undefined,
  ): Promise<void> {
    const unknown = new OAuthFault(
      "invalid_client",
      700027,
      "The certificate is not registered",
      401,
    );
    if (certificatePem === undefined) throw unknown;
    const certificate = new X509Certificate(certificatePem);
    const hash = await crypto.subtle.digest("SHA-256", new Uint8Array(certificate.raw));
    const thumbprint = new Uint8Array(hash).toBase64({ alphabet: "base64url", omitPadding: true });
    if (thumbprintIn(assertion) !== thumbprint) throw unknown;
    await this.#verify(assertion, certificate.publicKey.export({ type: "spki", format: "pem" }), {
      alg: "PS256",
      issuer: clientId,
      subject: clientId,
    });
  }

  /** Returns the mailbox that the account acts for. */
  async #serviceAccount(assertion: string): Promise<string> {
    const [, part = ""] = assertion.split(".");
    const { iss, sub, scope } = JSON.parse(
      new TextDecoder().decode(Uint8Array.fromBase64(part, { alphabet: "base64url" })),
    );
    const account = this.options.serviceAccounts?.[iss];
    if (account === undefined) {
      throw new OAuthFault("invalid_client", 0, "The OAuth client was not found.");
    }
    await this.#verify(assertion, account.publicKeyPem, {
      alg: "RS256",
      issuer: iss,
      subject: sub,
    });
    if (scope !== "https://mail.google.com/" || !account.mailboxes.includes(sub)) {
      throw new OAuthFault(
        "unauthorized_client",
        0,
        "Client is unauthorized to retrieve access tokens using this method, or client not " +
          "authorized for any of the scopes requested.",
        401,
      );
    }
    return sub;
  }

  async #verify(
    assertion: string,
    publicKeyPem: string | { toString(): string },
    { alg, issuer, subject }: {
      readonly alg: string;
      readonly issuer: string;
      readonly subject: string;
    },
  ): Promise<void> {
    try {
      await jwtVerify(assertion, await importSPKI(publicKeyPem.toString(), alg), {
        algorithms: [alg],
        issuer,
        subject,
        audience: this.tokenUrl,
        currentDate: new Date(this.#now()),
        clockTolerance: 60,
      });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const isTime = /"(exp|nbf|iat)"/.test(text);
      throw new OAuthFault(
        alg === "RS256" ? "invalid_grant" : "invalid_client",
        isTime ? 700024 : 700027,
        text,
      );
    }
  }

  #issue(subject: string) {
    const nowS = Math.floor(this.#now() / 1000);
    const claims = {
      aud: "https://outlook.office365.com",
      iss: "https://sts.windows.net/tenant/",
      appid: subject,
      iat: nowS,
      exp: nowS + this.lifetimeS,
      jti: ++this.#issued,
      ...this.claims,
    };
    const encode = (value: unknown) =>
      new TextEncoder().encode(JSON.stringify(value)).toBase64({
        alphabet: "base64url",
        omitPadding: true,
      });
    const token = `${encode({ typ: "JWT", alg: "RS256" })}.${encode(claims)}.${
      encode("simulated")
    }`;
    this.#tokens.set(token, this.#now() + this.lifetimeS * 1000);
    return { "token_type": "Bearer", "expires_in": this.lifetimeS, "access_token": token };
  }

  #now(): number {
    return this.options.now?.() ?? Date.now();
  }
}

/** Undefined when the text is not an assertion. */
function thumbprintIn(assertion: string): unknown {
  try {
    return decodeProtectedHeader(assertion)["x5t#S256"];
  } catch {
    return undefined;
  }
}

/** A refusal in Entra's format if it has a number, else in Google's. */
class OAuthFault extends Error {
  readonly body: Readonly<Record<string, unknown>>;
  constructor(error: string, number: number, description: string, readonly status = 400) {
    super(error);
    this.body = number === 0 ? { error, "error_description": description } : {
      error,
      "error_description": `AADSTS${number}: ${description} Trace ID: 0-0 Timestamp: 2026-11-28`,
      "error_codes": [number],
      "trace_id": "0-0",
    };
  }
}
