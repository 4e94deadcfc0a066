/** Access tokens from the configuration file to the mail server, with the real program, sockets and TLS. */

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { type MailServer, startMailServer } from "../sim/mail/mail_server.ts";
import { startTokenServer, type TokenServer } from "../sim/mail/token_server.ts";
import { createAuthority } from "../sim/pki/pki.ts";
import { check } from "../src/cli/check.ts";
import { ask, onStage, runCommand, type Stage, until, untilSettled } from "./support.ts";

const MAILBOX = "teleport@example.com";
const SCOPE = "https://outlook.office365.com/.default";

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
const authority = await createAuthority("Test CA");
const client = await authority.issue({
  commonName: "teleport-email",
  usage: "client",
  ttlMs: 3_600_000,
  keyType: "rsa",
});

interface OAuthStage extends Stage {
  readonly tokens: TokenServer;
  readonly mail: MailServer;
  /** Writes a file beside the configuration and returns its path. */
  write(name: string, text: string): Promise<string>;
  /** Puts these lines into `[smtp.oauth2]`. */
  setOAuth2(lines: readonly string[]): Promise<void>;
}

async function onOAuthStage(test: (stage: OAuthStage) => Promise<void>): Promise<void> {
  await using tokens = await startTokenServer({
    clients: {
      app: {
        secret: "client-secret-1",
        certificatePem: client.certPem,
        federatedAssertion: "kubernetes.service.account",
        refreshTokens: ["refresh-token-1"],
      },
    },
    serviceAccounts: {
      "mailer@project.example": { publicKeyPem: pem, mailboxes: [MAILBOX] },
    },
  });
  await using mail = await startMailServer({
    tokens: { mailbox: MAILBOX, accepts: (token) => tokens.accepts(token) },
  });
  await onStage({ roleToRecipients: { "*": ["bob@example.com"] } }, async (stage) => {
    const dir = join(stage.playground.paths.config, "..");
    const write = async (name: string, text: string) => {
      const path = join(dir, name);
      await Deno.writeTextFile(path, text, { mode: 0o600 });
      return path;
    };
    const mailCa = await write("oauth-mail-ca.pem", mail.caPem);
    const tokenCa = await write("oauth-token-ca.pem", tokens.caPem);
    const setOAuth2 = (lines: readonly string[]) =>
      stage.configure((text) =>
        text.replace(
          /\[smtp\][\s\S]*?(?=\[delivery\])/,
          [
            "[smtp]",
            'host = "localhost"',
            `port = ${mail.port}`,
            `username = "${MAILBOX}"`,
            `root_cas = "${mailCa}"`,
            "[smtp.oauth2]",
            `root_cas = "${tokenCa}"`,
            ...lines,
            "",
            "",
          ].join("\n"),
        )
      );
    await test({ ...stage, tokens, mail, write, setOAuth2 });
  });
}

const application = (tokens: TokenServer) => [
  'provider = "microsoft"',
  'client_id = "app"',
  `token_url = "${tokens.tokenUrl}"`,
];

type Grant = (stage: OAuthStage) => Promise<readonly string[]>;

const GRANTS: Readonly<Record<string, Grant>> = {
  "client credentials with a secret": async ({ tokens, write }) => [
    ...application(tokens),
    `client_secret_file = "${await write("secret", "client-secret-1\n")}"`,
  ],
  "client credentials with a certificate": async ({ tokens, write }) => [
    ...application(tokens),
    `client_certificate = "${await write("client.crt", client.certPem)}"`,
    `client_key = "${await write("client.key", client.keyPem)}"`,
  ],
  "workload identity": async ({ tokens, write }) => [
    ...application(tokens),
    `federated_token_file = "${await write("federated", "kubernetes.service.account\n")}"`,
  ],
  "a service account of Google's": async ({ tokens, write }) => [
    'provider = "google"',
    `service_account_file = "${await write(
      "account.json",
      JSON.stringify({
        "client_email": "mailer@project.example",
        "private_key": privateKey.export({ type: "pkcs8", format: "pem" }),
        "token_uri": tokens.tokenUrl,
      }),
    )}"`,
  ],
  "a refresh token": async ({ tokens, write }) => [
    'client_id = "app"',
    'client_secret = "client-secret-1"',
    `token_url = "${tokens.tokenUrl}"`,
    `refresh_token_file = "${await write("refresh", "refresh-token-1\n")}"`,
  ],
  "client credentials of any server": ({ tokens }) =>
    Promise.resolve([
      'client_id = "app"',
      'client_secret = "client-secret-1"',
      'client_auth = "client_secret_basic"',
      `token_url = "${tokens.tokenUrl}"`,
      `scope = "${SCOPE}"`,
    ]),
};

for (const [name, lines] of Object.entries(GRANTS)) {
  Deno.test(`start delivers with access tokens by ${name}`, async () => {
    await onOAuthStage(async (stage) => {
      await stage.setOAuth2(await lines(stage));
      const plugin = await stage.start();
      const id = ask(stage.playground);
      await untilSettled(stage.playground, id);
      assert.deepEqual(stage.mail.mails.map(({ user, tls }) => [user, tls]), [[MAILBOX, true]]);
      assert.doesNotMatch(
        plugin.lines.join("\n"),
        /client-secret-1|refresh-token-1|eyJ|PRIVATE KEY/,
      );
    });
  });
}

Deno.test("check shows the access token's end, audience and permission, and logs in", async () => {
  await onOAuthStage(async (stage) => {
    const { tokens, playground: { paths: { config } } } = stage;
    await stage.setOAuth2([...application(tokens), 'client_secret = "client-secret-1"']);
    const findings = async () => {
      const { stdout } = await runCommand((io) =>
        check({ config, offline: false, json: true }, io)
      );
      assert.doesNotMatch(stdout, /client-secret-1|eyJ/);
      const all: Record<string, string>[] = JSON.parse(stdout).findings;
      return (name: string) => all.find((finding) => finding["check"] === name);
    };
    const good = await findings();
    assert.match(
      good("mail.token")?.["text"] ?? "",
      /until 20\d\d-.*audience 'https:\/\/outlook\.office365\.com', permissions SMTP\.SendAsApp$/,
    );
    assert.deepEqual([good("mail.token")?.["level"], good("mail.login")?.["level"]], ["ok", "ok"]);
    tokens.claims = {};
    const bare = await findings();
    assert.equal(bare("mail.token")?.["level"], "warning");
    assert.match(bare("mail.token")?.["remedy"] ?? "", /RBAC for Applications.*SMTP\.SendAsApp/);
    tokens.failNext(401, { error: "invalid_client", error_codes: [7000222], trace_id: "t" });
    const expired = await findings();
    assert.equal(expired("mail.token")?.["level"], "problem");
    assert.match(expired("mail.token")?.["text"] ?? "", /AADSTS7000222/);
    assert.match(expired("mail.token")?.["remedy"] ?? "", /secret has expired/);
    assert.equal(expired("mail.login")?.["level"], "skipped");
  });
});

Deno.test("A token that expires in the middle of a burst costs no email and repeats none", async () => {
  await onOAuthStage(async (stage) => {
    const { tokens, mail, playground } = stage;
    // Every connection after the first seconds needs a new token.
    tokens.lifetimeS = 2;
    await stage.setOAuth2([...application(tokens), 'client_secret = "client-secret-1"']);
    await stage.configure((text) =>
      text.replace("[smtp]\n", "[smtp]\nmax_messages_per_connection = 10\n")
    );
    await stage.start();
    const ids = Array.from({ length: 1000 }, () => ask(playground));
    await until("all emails arrive", () => mail.mails.length >= 1000, 120_000);
    for (const id of ids) await untilSettled(playground, id);
    assert.equal(mail.mails.length, 1000);
    assert.equal(new Set(mail.mails.map(({ parsed }) => parsed.messageId)).size, 1000);
    // Once for all connections each time, not once for each of some hundred.
    assert.ok(tokens.granted.length >= 2, `${tokens.granted.length} tokens`);
    assert.ok(tokens.granted.length < 60, `${tokens.granted.length} tokens`);
  });
});

Deno.test("A token endpoint that is away loses no email, and is named", async () => {
  await onOAuthStage(async (stage) => {
    const { tokens, mail, playground } = stage;
    await stage.setOAuth2([...application(tokens), 'client_secret = "client-secret-1"']);
    await tokens.stop();
    const plugin = await stage.start();
    const line = await plugin.waitFor(/Mail transport is paused/);
    assert.match(line, /Cannot get an access token from 'https:\/\/localhost:\d+/);
    assert.match(line, /category:network/);
    const ids = Array.from({ length: 5 }, () => ask(playground));
    tokens.start();
    await until("all emails arrive", () => mail.mails.length >= 5, 60_000);
    for (const id of ids) await untilSettled(playground, id);
    assert.equal(mail.mails.length, 5);
  });
});
