import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { createAuthority } from "../../../../sim/pki/pki.ts";
import { startTokenServer, type TokenServer } from "../../../../sim/mail/token_server.ts";
import { HttpsClient } from "../../../net/https_client.ts";
import { TokenError } from "./error.ts";
import type { ClientProof, OAuthOptions } from "./options.ts";
import { requestToken, type TokenRequestDeps } from "./request.ts";

const text = (value: string) => () => Promise.resolve(value);
const SCOPE = "https://outlook.office365.com/.default";
const MAILBOX = "teleport@example.com";

const authority = await createAuthority("Test CA");
const pair = await authority.issue({
  commonName: "teleport-email",
  usage: "client",
  ttlMs: 3_600_000,
  keyType: "rsa",
});
const other = await authority.issue({
  commonName: "other",
  usage: "client",
  ttlMs: 3_600_000,
  keyType: "rsa",
});
const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = (key: ReturnType<typeof createPublicKey>) =>
  key.export({ type: "spki", format: "pem" }).toString();

function start(now?: () => number): Promise<TokenServer> {
  return startTokenServer({
    clients: {
      "app-1": {
        secret: "s3cret/with+signs",
        certificatePem: pair.certPem,
        federatedAssertion: "header.claims.signature",
        refreshTokens: ["refresh-1", "refresh-2"],
      },
      public: { refreshTokens: ["refresh-1"] },
    },
    serviceAccounts: {
      "mailer@project.iam.example": { publicKeyPem: pem(publicKey), mailboxes: [MAILBOX] },
    },
    ...now === undefined ? {} : { now },
  });
}

const SECRET: ClientProof = { kind: "secret", secret: text("s3cret/with+signs"), inHeader: false };

function endpoint(
  server: Pick<TokenServer, "tokenUrl">,
  proof: ClientProof,
  changes: Partial<Extract<OAuthOptions, { kind: "endpoint" }>> = {},
): Extract<OAuthOptions, { kind: "endpoint" }> {
  return {
    kind: "endpoint",
    provider: "microsoft",
    tokenUrl: server.tokenUrl,
    clientId: "app-1",
    proof,
    grant: { kind: "client_credentials" },
    scope: SCOPE,
    ...changes,
  };
}

function serviceAccount(server: TokenServer, changes: Record<string, unknown> = {}): OAuthOptions {
  const account = {
    type: "service_account",
    "client_email": "mailer@project.iam.example",
    "private_key": privateKey.export({ type: "pkcs8", format: "pem" }),
    "private_key_id": "key-1",
    "token_uri": server.tokenUrl,
    ...changes,
  };
  return {
    kind: "service-account",
    account: text(JSON.stringify(account)),
    scope: "https://mail.google.com/",
  };
}

async function request(
  options: OAuthOptions,
  server: TokenServer,
  deps: Partial<TokenRequestDeps> = {},
  user = MAILBOX,
) {
  assert.ok(options.kind !== "file");
  using https = new HttpsClient(text(server.caPem));
  return await requestToken(options, user, { https, now: Date.now, ...deps });
}

async function failure(
  options: OAuthOptions,
  server: TokenServer,
  deps: Partial<TokenRequestDeps> = {},
  user = MAILBOX,
): Promise<TokenError> {
  try {
    await request(options, server, deps, user);
  } catch (error) {
    assert.ok(error instanceof TokenError, String(error));
    assert.doesNotMatch(error.message, /s3cret|refresh-1|header\.claims|[\r\n]/);
    return error;
  }
  throw new Error("a token was given");
}

Deno.test("requestToken() gets a token by every grant and proof", async () => {
  await using server = await start();
  const pkcs1 = privateKey.export({ type: "pkcs1", format: "pem" });
  const cases: readonly (readonly [OAuthOptions, string])[] = [
    [endpoint(server, SECRET), "client_credentials secret"],
    [endpoint(server, { ...SECRET, inHeader: true }), "client_credentials basic"],
    [
      endpoint(server, { kind: "certificate", crt: text(pair.certPem), key: text(pair.keyPem) }),
      "client_credentials certificate",
    ],
    [
      endpoint(server, { kind: "federated", assertion: text("header.claims.signature\n") }),
      "client_credentials federated",
    ],
    [
      endpoint(server, SECRET, {
        grant: { kind: "refresh_token", refreshToken: text("refresh-1") },
      }),
      "refresh_token secret",
    ],
    [
      endpoint(server, { kind: "none" }, {
        clientId: "public",
        grant: { kind: "refresh_token", refreshToken: text("refresh-1") },
      }),
      "refresh_token none",
    ],
    [serviceAccount(server), "urn:ietf:params:oauth:grant-type:jwt-bearer assertion"],
    [
      serviceAccount(server, { private_key: pkcs1 }),
      "urn:ietf:params:oauth:grant-type:jwt-bearer assertion",
    ],
  ];
  for (const [options, expected] of cases) {
    const before = Date.now();
    const token = await request(options, server);
    const granted = server.granted.at(-1);
    assert.equal(`${granted?.grantType} ${granted?.proof}`, expected);
    assert.ok(server.accepts(token.value));
    assert.ok((token.expiresMs ?? 0) >= before + 3600_000 - 1000);
  }
});

Deno.test("requestToken() hands over a refresh token that the server gives in place of the old one", async () => {
  await using server = await start();
  server.nextRefreshToken = "refresh-2";
  const given: string[] = [];
  const options = endpoint(server, SECRET, {
    grant: { kind: "refresh_token", refreshToken: text("refresh-1") },
  });
  await request(options, server, { onRefreshToken: (token) => given.push(token) });
  assert.deepEqual(given, ["refresh-2"]);
});

Deno.test("requestToken() names the cause and the cure of what a token endpoint refuses", async () => {
  await using server = await start();
  const wrong: ClientProof = { kind: "secret", secret: text("s3cret-id"), inHeader: false };
  const cases: readonly (readonly [OAuthOptions, string, RegExp, RegExp])[] = [
    [
      endpoint(server, wrong),
      "authentication",
      /invalid_client \(AADSTS7000215\), trace id 0-0$/,
      /secret's value, not its id/,
    ],
    [
      endpoint(server, SECRET, { clientId: "nobody" }),
      "authentication",
      /AADSTS700016/,
      /granted consent/,
    ],
    [endpoint(server, SECRET, { scope: "mail" }), "authentication", /invalid_scope/, /\/\.default/],
    [
      endpoint(server, { kind: "certificate", crt: text(other.certPem), key: text(other.keyPem) }),
      "authentication",
      /AADSTS700027/,
      /upload the certificate/,
    ],
    [
      endpoint(server, { kind: "federated", assertion: text("a.b.c") }),
      "authentication",
      /AADSTS700027/,
      /upload the certificate/,
    ],
    [
      endpoint(server, SECRET, { grant: { kind: "refresh_token", refreshToken: text("old") } }),
      "authentication",
      /invalid_grant \(AADSTS700082\)/,
      /new consent/,
    ],
    [
      serviceAccount(server, { client_email: "other@project.iam.example" }),
      "authentication",
      /invalid_client: The OAuth client was not found/,
      /client_id/,
    ],
  ];
  for (const [options, category, words, remedy] of cases) {
    const error = await failure(options, server);
    assert.equal(error.category, category, error.message);
    assert.match(error.message, words);
    assert.match(
      error.message,
      /^Cannot get an access token from 'https:\/\/localhost:\d+\/tenant/,
    );
    assert.match(error.details.remedy ?? "", remedy);
  }
  const refused = await failure(serviceAccount(server), server, {}, "other@example.com");
  assert.match(refused.message, /unauthorized_client: Client is unauthorized/);
  assert.match(refused.details.remedy ?? "", /domain-wide delegation/);
});

Deno.test("requestToken() sorts what is no refusal", async () => {
  await using server = await start();
  const options = endpoint(server, SECRET);
  const html = { "content-type": "text/html" };
  const busy = { error: "temporarily_unavailable", "error_codes": [90033], "trace_id": "t" };
  const cases: readonly (readonly [number, unknown, Record<string, string>, string, number?])[] = [
    [503, "<html>", html, "server"],
    [503, "<html>", { ...html, "retry-after": "7" }, "server", 7000],
    [429, "slow", html, "rate-limit"],
    [429, { error: "invalid_request" }, { "retry-after": "60" }, "rate-limit", 60_000],
    [400, busy, {}, "server"],
    [500, { error: "server_error" }, {}, "server"],
    [200, "<html>", html, "configuration"],
    [200, {}, {}, "configuration"],
    [200, { access_token: 7 }, {}, "configuration"],
    [404, "not here", html, "configuration"],
    [302, "", { location: "/login" }, "configuration"],
  ];
  for (const [status, body, headers, category, pause] of cases) {
    server.failNext(status, body, headers);
    const { details, ...error } = await failure(options, server);
    assert.equal(error.category, category, `${status} ${JSON.stringify(body)}`);
    assert.equal(details.retryAfterMs, pause);
    assert.ok(details.remedy);
  }
});

Deno.test("requestToken() reports an endpoint that is away, silent or not trusted", async () => {
  await using server = await start();
  server.delayMs = 300;
  const slow = await failure(endpoint(server, SECRET), server, { timeoutMs: 50 });
  assert.equal(slow.category, "timeout");
  server.delayMs = 0;
  using https = new HttpsClient();
  const untrusted = await failure(endpoint(server, SECRET), server, { https });
  assert.equal(untrusted.category, "tls");
  assert.match(untrusted.details.remedy ?? "", /machine's store/);
  await server.stop();
  assert.equal((await failure(endpoint(server, SECRET), server)).category, "network");
  server.start();
  assert.ok((await request(endpoint(server, SECRET), server)).value);
});

Deno.test("requestToken() sends nothing over http", async () => {
  await using server = await start();
  const tokenUrl = server.tokenUrl.replace("https:", "http:");
  const error = await failure(endpoint(server, SECRET, { tokenUrl }), server);
  assert.equal(error.category, "configuration");
  assert.match(error.message, /is not an https URL/);
  assert.equal(server.calls, 0);
  const account = await failure(serviceAccount(server, { token_uri: tokenUrl }), server);
  assert.match(account.message, /token_uri .* is not an https URL/);
});

Deno.test("requestToken() says how far this machine's clock is off", async () => {
  await using server = await start(() => Date.now() + 11 * 60_000);
  const options = endpoint(server, {
    kind: "certificate",
    crt: text(pair.certPem),
    key: text(pair.keyPem),
  });
  const error = await failure(options, server);
  assert.match(error.details.remedy ?? "", /clock is 11 minutes behind the token endpoint's/);
  const google = await failure(serviceAccount(server), server);
  assert.match(google.message, /invalid_grant/);
  assert.match(google.details.remedy ?? "", /clock is 11 minutes behind/);
});

Deno.test("requestToken() says what is wrong with files", async () => {
  await using server = await start();
  const missing = () => Promise.reject(new Error("open /x: no such file or directory"));
  const certificate = (crt: string, key: string) =>
    endpoint(server, { kind: "certificate", crt: text(crt), key: text(key) });
  const account = (json: string): OAuthOptions => ({
    kind: "service-account",
    account: text(json),
    scope: "s",
  });
  const cases: readonly (readonly [OAuthOptions, RegExp])[] = [
    [endpoint(server, { ...SECRET, secret: missing }), /open \/x: no such file/],
    [certificate("", pair.keyPem), /client_certificate is not a PEM certificate/],
    [certificate(pair.certPem, "x"), /client_key is not an RSA private key/],
    [certificate(pair.certPem, other.keyPem), /client_key is not the key of client_certificate/],
    [account("x"), /is not a service account's key/],
    [account("{}"), /is not a service account's key/],
    [serviceAccount(server, { private_key: "x" }), /private_key .* is not an RSA private key/],
  ];
  for (const [options, words] of cases) {
    const error = await failure(options, server);
    assert.equal(error.category, "configuration");
    assert.match(error.message, words);
    assert.ok(error.details.remedy);
  }
  assert.equal(server.calls, 0);
});
