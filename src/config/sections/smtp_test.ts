import assert from "node:assert/strict";
import type { SmtpConfig } from "../config.ts";
import { parseConfig } from "../parse.ts";
import { accept, file, refuse } from "../testing/parse.ts";

async function smtpOf(body: string): Promise<{ smtp: SmtpConfig; warnings: readonly string[] }> {
  const { config, warnings } = await accept(file({ smtp: body }));
  assert.ok(config.mail.kind === "smtp");
  return { smtp: config.mail, warnings };
}

Deno.test("[smtp] has defaults for all but the host", async () => {
  const { smtp, warnings } = await smtpOf('host = "mail.example.com"');
  assert.deepEqual(smtp, {
    kind: "smtp",
    host: "mail.example.com",
    port: 587,
    starttlsPolicy: "mandatory",
    implicitTls: false,
    insecureSkipVerify: false,
    maxConnections: 10,
  });
  assert.deepEqual(warnings, []);
});

Deno.test("[smtp] accepts every key", async () => {
  const { smtp, warnings } = await smtpOf(`host = "mail"
    port = 2525
    username = "u"
    password = "p"
    password_file = "/ignored"
    starttls_policy = "opportunistic"
    implicit_tls = true
    root_cas = "/cas"
    server_name = "name"
    insecure_skip_verify = true
    client_crt = "/crt"
    client_key = "/key"
    auth_method = "cram-md5"
    hello_name = "me"
    max_connections = 3
    max_messages_per_second = 0.5`);
  assert.deepEqual(smtp, {
    kind: "smtp",
    host: "mail",
    port: 2525,
    auth: { username: "u", password: { value: "p" }, method: "cram-md5" },
    starttlsPolicy: "opportunistic",
    implicitTls: true,
    rootCas: "/cas",
    serverName: "name",
    insecureSkipVerify: true,
    clientCertificate: { crt: "/crt", key: "/key" },
    helloName: "me",
    maxConnections: 3,
    maxMessagesPerSecond: 0.5,
  });
  assert.deepEqual(warnings, [
    "smtp.insecure_skip_verify is on: anybody in between can read and change the mail",
  ]);
});

// The original's TestSMTPStartTLSPolicy (original.md §9.1).
const UPSTREAM = `
[smtp]
host = "http://example.org/"
username = "user"
password = "password"
POLICY
[role_to_recipients]
"*" = "admin@example.com"
`;

Deno.test("[smtp] accepts each STARTTLS policy, and defaults to mandatory", async () => {
  const cases: [string, SmtpConfig["starttlsPolicy"]][] = [
    ["", "mandatory"],
    ['starttls_policy = ""', "mandatory"],
    ['starttls_policy = "mandatory"', "mandatory"],
    ['starttls_policy = "opportunistic"', "opportunistic"],
    ['starttls_policy = "disabled"', "disabled"],
  ];
  for (const [line, policy] of cases) {
    const { config, warnings } = await accept(UPSTREAM.replace("POLICY", line));
    assert.ok(config.mail.kind === "smtp");
    assert.equal(config.mail.starttlsPolicy, policy);
    assert.ok(
      warnings.includes(
        "smtp.host is 'http://example.org/', which is a URL: write 'example.org'",
      ),
    );
  }
});

Deno.test("[smtp] refuses another STARTTLS policy with the original's text", async () => {
  for (const policy of ["insecure", "Mandatory"]) {
    const errors = await refuse(UPSTREAM.replace("POLICY", `starttls_policy = "${policy}"`));
    assert.deepEqual(errors, [
      `invalid smtp.starttls_policy: unsupported starttls_policy "${policy}" - ` +
      "provide one of mandatory, opportunistic, disabled or leave empty to default to mandatory",
    ]);
  }
});

Deno.test("[smtp] uses implicit TLS on port 465 unless configured otherwise", async () => {
  assert.equal((await smtpOf('host = "m"\nport = 465')).smtp.implicitTls, true);
  const { smtp } = await smtpOf('host = "m"\nport = 465\nimplicit_tls = false');
  assert.equal(smtp.implicitTls, false);
  assert.equal((await smtpOf('host = "m"\nport = 0')).smtp.port, 587);
});

Deno.test("[smtp] treats empty texts as absent", async () => {
  const { smtp } = await smtpOf('host = "m"\nusername = ""\npassword = ""\nroot_cas = ""');
  assert.equal(smtp.auth, undefined);
  assert.equal(smtp.rootCas, undefined);
});

Deno.test("[smtp] refuses contradictory settings", async () => {
  const cases: [string, string[]][] = [
    ["", ["provide smtp.host to use SMTP"]],
    ['host = ""', ["provide smtp.host to use SMTP"]],
    ['host = "m"\nusername = "u"', ["specify smtp.password or smtp.password_file"]],
    ['host = "m"\nusername = "u"\npassword = ""', ["specify smtp.password or smtp.password_file"]],
    ['host = "m"\npassword = "p"', ["provide smtp.username to use SMTP"]],
    ['host = "m"\npassword_file = "/p"', ["provide smtp.username to use SMTP"]],
    ['host = "m"\nclient_key = "/k"', [
      "provide both smtp.client_crt and smtp.client_key or neither",
    ]],
    ['host = "m"\nport = 65536', [
      "Invalid smtp.port: must be between 0 and 65535, current value is 65536",
    ]],
    ['host = "m"\nport = "25"', [
      "Invalid smtp.port: must be an integer, current value is a string",
    ]],
    ['host = "m h"', ['Invalid smtp.host: must be a host name, current value is "m h"']],
    ['host = "m"\nimplicit_tls = 1', [
      "Invalid smtp.implicit_tls: must be true or false, current value is an integer",
    ]],
    ['host = "m"\nauth_method = "ntlm"', [
      'Invalid smtp.auth_method: must be one of plain, login, cram-md5, current value is "ntlm"',
    ]],
    ['host = "m"\nmax_connections = 0', [
      "Invalid smtp.max_connections: must be between 1 and 1000, current value is 0",
    ]],
    ['host = "m"\nmax_messages_per_second = 0', [
      "Invalid smtp.max_messages_per_second: must be greater than 0, current value is 0",
    ]],
    ["host = 5\nusername = 6", [
      "Invalid smtp.host: must be a string, current value is an integer",
      "Invalid smtp.username: must be a string, current value is an integer",
    ]],
  ];
  for (const [body, errors] of cases) {
    assert.deepEqual(await refuse(file({ smtp: body })), errors, body);
  }
});

Deno.test("[smtp] wins over [mailgun], with a warning", async () => {
  const mailgun = 'domain = "d"\nprivate_key = "k"';
  const { config, warnings } = await accept(file({ mailgun }));
  assert.equal(config.mail.kind, "smtp");
  assert.deepEqual(warnings, ["both [mailgun] and [smtp] are present: [smtp] is used"]);
  assert.deepEqual(await refuse(file({ mailgun: "" })), [
    "specify mailgun.private_key or mailgun.private_key_file",
    "provide mailgun.domain to use Mailgun",
  ]);
});

Deno.test("[smtp] warns about an auth_method without effect", async () => {
  const { warnings } = await smtpOf('host = "m"\nauth_method = "plain"');
  assert.deepEqual(warnings, ["smtp.auth_method has no effect without smtp.username"]);
});

Deno.test("[smtp] does not print a password that is part of the host", async () => {
  for (const host of ["smtp://u:hunter2@mail:25", "u:hunter2 @mail"]) {
    const result = await parseConfig(file({ smtp: `host = "${host}"` }), "test.toml", {});
    const words = [...result.warnings, ...(result.ok ? [] : result.errors)].join("\n");
    assert.match(words, /Invalid smtp\.host: must be a host name, write user name and password/);
    assert.doesNotMatch(words, /hunter2/);
  }
});
