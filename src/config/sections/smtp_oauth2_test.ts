import assert from "node:assert/strict";
import type { OAuth2Config, TokenAuthConfig } from "../config.ts";
import { accept, file, refuse } from "../testing/parse.ts";

const SMTP = 'service = "microsoft365"\nusername = "teleport@example.com"';

async function oauth2Of(body: string, smtp = SMTP): Promise<OAuth2Config> {
  const { config, warnings } = await accept(file({ smtp, "smtp.oauth2": body }));
  assert.deepEqual(warnings, []);
  assert.ok(config.mail.kind === "smtp" && config.mail.auth && "oauth2" in config.mail.auth);
  const auth: TokenAuthConfig = config.mail.auth;
  assert.equal(auth.username, "teleport@example.com");
  return auth.oauth2;
}

const APP = 'tenant = "contoso.example"\nclient_id = "app"';
const TOKEN_URL = "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token";
const RELAY = 'host = "mail.example.com"\nusername = "teleport@example.com"';

Deno.test("[smtp.oauth2] reads every provider and grant", async () => {
  const microsoft = {
    kind: "endpoint",
    provider: "microsoft",
    tokenUrl: TOKEN_URL,
    clientId: "app",
    grant: { kind: "client_credentials" },
    scope: "https://outlook.office365.com/.default",
  } as const;
  assert.deepEqual(await oauth2Of(`${APP}\nclient_secret = "s3cret"`), {
    ...microsoft,
    proof: { kind: "secret", secret: { value: "s3cret" }, inHeader: false },
  });
  assert.deepEqual(
    await oauth2Of(
      `provider = "microsoft"\n${APP}\nclient_certificate = "/c"\nclient_key = "/k"`,
      RELAY,
    ),
    { ...microsoft, proof: { kind: "certificate", crt: "/c", key: "/k" } },
  );
  assert.deepEqual(
    await oauth2Of(
      `${APP}\nfederated_token_file = "/t"\nscope = "https://outlook.office365.us/.default"
      token_url = "https://login.microsoftonline.us/x/oauth2/v2.0/token"\nroot_cas = "/cas"`,
    ),
    {
      ...microsoft,
      proof: { kind: "federated", file: "/t" },
      scope: "https://outlook.office365.us/.default",
      tokenUrl: "https://login.microsoftonline.us/x/oauth2/v2.0/token",
      rootCas: "/cas",
    },
  );
  assert.deepEqual(
    await oauth2Of('tenant = "common"\nclient_id = "app"\nrefresh_token_file = "/r"'),
    {
      kind: "endpoint",
      provider: "microsoft",
      tokenUrl: TOKEN_URL.replace("contoso.example", "common"),
      clientId: "app",
      proof: { kind: "none" },
      grant: { kind: "refresh_token", file: "/r" },
    },
  );
  const google = 'service = "google"\nusername = "teleport@example.com"';
  assert.deepEqual(await oauth2Of('service_account_file = "/a.json"', google), {
    kind: "service-account",
    file: "/a.json",
    scope: "https://mail.google.com/",
  });
  assert.deepEqual(
    await oauth2Of('client_id = "c"\nclient_secret = "s"\nrefresh_token_file = "/r"', google),
    {
      kind: "endpoint",
      provider: "google",
      tokenUrl: "https://oauth2.googleapis.com/token",
      clientId: "c",
      proof: { kind: "secret", secret: { value: "s" }, inHeader: false },
      grant: { kind: "refresh_token", file: "/r" },
    },
  );
  assert.deepEqual(
    await oauth2Of(
      `token_url = "https://idp.example.com/token"\nclient_id = "c"\nclient_secret = "s"
      client_auth = "client_secret_basic"\nscope = "smtp"\ngrant = "client_credentials"`,
      RELAY,
    ),
    {
      kind: "endpoint",
      provider: "generic",
      tokenUrl: "https://idp.example.com/token",
      clientId: "c",
      proof: { kind: "secret", secret: { value: "s" }, inHeader: true },
      grant: { kind: "client_credentials" },
      scope: "smtp",
    },
  );
  assert.deepEqual(await oauth2Of('access_token_file = "/t"', RELAY), { kind: "file", file: "/t" });
});

Deno.test("[smtp.oauth2] says what is missing and what contradicts", async () => {
  const cases: readonly (readonly [string, readonly string[], string?])[] = [
    [
      APP,
      [
        "provide smtp.oauth2.client_secret, client_secret_file, client_certificate with client_key, " +
        "or federated_token_file",
      ],
    ],
    ['client_id = "app"\nclient_secret = "s"', [
      "provide smtp.oauth2.tenant: the tenant's id or domain",
    ]],
    ['tenant = "common"\nclient_id = "app"\nclient_secret = "s"', [
      'smtp.oauth2.tenant must be a tenant\'s id or domain, current value is "common"',
    ]],
    ['tenant = "t"\nclient_secret = "s"', ["provide smtp.oauth2.client_id"]],
    [`${APP}\nclient_secret = "s"\nfederated_token_file = "/f"`, [
      "provide one of smtp.oauth2.client_secret, client_certificate and federated_token_file",
    ]],
    [`${APP}\nclient_key = "/k"`, [
      "provide both smtp.oauth2.client_certificate and smtp.oauth2.client_key",
    ]],
    [`${APP}\nclient_secret = "s"\ngrant = "refresh_token"`, [
      'smtp.oauth2.grant = "refresh_token" needs smtp.oauth2.refresh_token_file',
    ]],
    [`${APP}\nclient_secret = "s"\ngrant = "client_credentials"\nrefresh_token_file = "/r"`, [
      'smtp.oauth2.refresh_token_file needs smtp.oauth2.grant = "refresh_token"',
    ]],
    ['service_account_file = "/a"', [
      'smtp.oauth2.service_account_file needs smtp.oauth2.provider = "google"',
    ]],
    ['client_id = "c"\nclient_secret = "s"', [
      'provide smtp.oauth2.token_url, or provider = "microsoft" or "google"',
    ], RELAY],
    ['provider = "google"', [
      "provide smtp.oauth2.client_secret or client_secret_file",
      "provide smtp.oauth2.service_account_file, or client_id and refresh_token_file",
    ], RELAY],
    ['provider = "google"\ngrant = "client_credentials"\nclient_id = "c"\nclient_secret = "s"', [
      "Google has no client credentials for mailboxes: use service_account_file",
    ], RELAY],
    ['access_token_file = "/t"\nclient_id = "c"', [
      "provide either smtp.oauth2.access_token_file or smtp.oauth2.client_id, not both",
    ]],
    ['token_url = "http://idp.example.com/token"', [
      'Invalid smtp.oauth2.token_url: must be an https URL, current value is "http://idp.example.com/token"',
    ]],
    ['provider = "yahoo"', [
      'Invalid smtp.oauth2.provider: must be one of microsoft, google, current value is "yahoo"',
    ]],
    [
      'access_token_file = "/t"',
      ["provide either smtp.password or [smtp.oauth2], not both"],
      `${SMTP}\npassword = "p"`,
    ],
    ['access_token_file = "/t"', [
      "provide smtp.username to use [smtp.oauth2]: the mailbox to send from",
    ], 'host = "m"'],
  ];
  for (const [body, errors, smtp] of cases) {
    const text = file({ smtp: smtp ?? SMTP, "smtp.oauth2": body });
    assert.deepEqual(await refuse(text), errors, body);
  }
});

Deno.test("[smtp.oauth2] warns of unknown keys, and of keys that have strayed", async () => {
  const tables = {
    smtp: `${SMTP}\ntenant = "t"`,
    "smtp.oauth2": `${APP}\nclient_secret = "s"\nclinet_id = "x"`,
  };
  const { warnings } = await accept(file(tables));
  assert.deepEqual(warnings, [
    "Unknown key 'smtp.tenant': did you mean 'smtp.oauth2.tenant'?",
    "Unknown key 'smtp.oauth2.clinet_id': did you mean 'smtp.oauth2.client_id'?",
  ]);
  const method = {
    smtp: `${SMTP}\nauth_method = "plain"`,
    "smtp.oauth2": 'access_token_file = "/t"',
  };
  assert.deepEqual((await accept(file(method))).warnings, [
    "smtp.auth_method has no effect with [smtp.oauth2]",
  ]);
  assert.deepEqual(await refuse(file({ smtp: `${SMTP}\noauth2 = 7` })), [
    "Invalid smtp.oauth2: must be a table, current value is an integer",
  ]);
});
