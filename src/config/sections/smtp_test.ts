import assert from "node:assert/strict";
import type { SmtpConfig } from "../config.ts";
import { parseConfig } from "../load.ts";
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
    timeoutMs: 300_000,
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
    hello_name = "me.example.com"
    require_auth = true
    timeout = "90s"
    max_connections = 3
    max_messages_per_connection = 7
    max_messages_per_second = 0.5`);
  assert.deepEqual(smtp, {
    kind: "smtp",
    host: "mail",
    port: 2525,
    auth: { username: "u", password: { value: "p" }, method: "cram-md5", isRequired: true },
    starttlsPolicy: "opportunistic",
    implicitTls: true,
    rootCas: "/cas",
    serverName: "name",
    insecureSkipVerify: true,
    clientCertificate: { crt: "/crt", key: "/key" },
    helloName: "me.example.com",
    timeoutMs: 90_000,
    maxConnections: 3,
    maxMessagesPerConnection: 7,
    maxMessagesPerSecond: 0.5,
  });
  assert.deepEqual(warnings, [
    "both smtp.password and smtp.password_file are set: smtp.password is used",
    "smtp.insecure_skip_verify is on: an attacker on the network can read and change the emails",
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
    ['host = "m"\npassword = "p"', [
      "provide smtp.username to use SMTP: smtp.password is set, but not smtp.username",
    ]],
    ['host = "m"\npassword_file = "/p"', [
      "provide smtp.username to use SMTP: smtp.password_file is set, but not smtp.username",
    ]],
    ['host = "m"\nclient_key = "/k"', [
      "provide both smtp.client_crt and smtp.client_key or neither",
    ]],
    ['host = "m"\nport = 65536', [
      "Invalid smtp.port: must be between 1 and 65535, current value is 65536",
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

Deno.test("[smtp] takes IPv6 addresses with and without brackets", async () => {
  for (const host of ["[2001:db8::25]", "2001:db8::25", "::1", "[::1]"]) {
    const { smtp } = await smtpOf(`host = "${host}"`);
    assert.equal(smtp.host, host.replace(/[[\]]/g, ""));
  }
});

Deno.test("[smtp] refuses a port and a path in the host, and says how to write it", async () => {
  const start = "Invalid smtp.host: must be a host name without port and path, current value is";
  const cases = [
    ["smtp.example.com:587", 'host = "smtp.example.com" and port = 587'],
    ["smtp.example.com/", 'host = "smtp.example.com"'],
    ["smtp.example.com:587/", 'host = "smtp.example.com" and port = 587'],
    ["smtp.example.com:", 'host = "smtp.example.com"'],
    ["[2001:db8::25]:25", 'host = "[2001:db8::25]" and port = 25'],
    ["192.0.2.1:25", 'host = "192.0.2.1" and port = 25'],
  ];
  for (const [host, wanted] of cases) {
    assert.deepEqual(await refuse(file({ smtp: `host = "${host}"` })), [
      `${start} '${host}': write ${wanted}`,
    ]);
  }
});

Deno.test("[smtp] checks the EHLO name", async () => {
  for (const name of ["mail.example.com", "a-b.example", "[192.0.2.1]"]) {
    const { smtp, warnings } = await smtpOf(`host = "m"\nhello_name = "${name}"`);
    assert.deepEqual([smtp.helloName, warnings], [name, []]);
  }
  for (const name of ["https://x.example", "my host", "x_y.example", "mail.example.com.", "-a.b"]) {
    const [error] = await refuse(file({ smtp: `host = "m"\nhello_name = "${name}"` }));
    assert.match(error ?? "", /^Invalid smtp\.hello_name: must be a host name such as/);
  }
  const { warnings } = await smtpOf('host = "m"\nhello_name = "localhost"');
  assert.match(warnings[0] ?? "", /^smtp\.hello_name is 'localhost': some servers take fully/);
});

Deno.test("[smtp] warns of credentials in clear text, and of a sender at a bare name", async () => {
  const login = 'username = "u"\npassword = "p"\nstarttls_policy = "disabled"';
  const { warnings } = await smtpOf(`host = "m"\n${login}`);
  assert.deepEqual(warnings, [
    'smtp.starttls_policy is "disabled": user name and password travel in clear text',
  ]);
  assert.deepEqual((await smtpOf(`host = "m"\nimplicit_tls = true\n${login}`)).warnings, []);
  for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
    assert.deepEqual((await smtpOf(`host = "${host}"\n${login}`)).warnings, [], host);
  }
  const bare = await accept(file({ delivery: 'sender = "teleport@localhost"' }));
  assert.match(
    bare.warnings[0] ?? "",
    /^the EHLO name is 'localhost', the domain of delivery\.sender/,
  );
  const named = 'host = "m"\nhello_name = "mail.example.com"';
  const { warnings: none } = await accept(
    file({ smtp: named, delivery: 'sender = "teleport@localhost"' }),
  );
  assert.deepEqual(none, []);
});

Deno.test("[smtp] bounds its timeout", async () => {
  const [long] = await refuse(file({ smtp: 'host = "m"\ntimeout = "11m"' }));
  assert.equal(long, "Invalid smtp.timeout: must be at most 10m, current value is 660s");
  const [short] = await refuse(file({ smtp: 'host = "m"\ntimeout = "10ms"' }));
  assert.match(short ?? "", /^Invalid smtp\.timeout: must be at least 1s/);
});

Deno.test("[smtp] fills in what a service documents, and own keys win", async () => {
  const cases: readonly (readonly [string, string, number, boolean, number?])[] = [
    ["microsoft365", "smtp.office365.com", 587, false, 3],
    ["google", "smtp.gmail.com", 465, true],
    ["ses:eu-west-1", "email-smtp.eu-west-1.amazonaws.com", 587, false],
    ["ses:cn-north-1", "email-smtp.cn-north-1.amazonaws.com.cn", 587, false],
    ["sendgrid", "smtp.sendgrid.net", 587, false],
    ["postmark", "smtp.postmarkapp.com", 587, false],
    ["mailgun-smtp:us", "smtp.mailgun.org", 587, false],
    ["mailgun-smtp:eu", "smtp.eu.mailgun.org", 587, false],
  ];
  for (const [service, host, port, implicitTls, connections = 10] of cases) {
    const { smtp } = await smtpOf(`service = "${service}"`);
    assert.deepEqual(
      [smtp.service, smtp.host, smtp.port, smtp.implicitTls, smtp.maxConnections],
      [service, host, port, implicitTls, connections],
    );
    assert.equal(smtp.starttlsPolicy, "mandatory");
  }
  const { smtp } = await smtpOf('service = "microsoft365"');
  assert.equal(smtp.maxMessagesPerSecond, 0.5);
  const own = await smtpOf(`service = "google"
    host = "smtp-relay.gmail.com"
    port = 587
    max_connections = 2
    max_messages_per_second = 1`);
  const { host, port, implicitTls, maxConnections, maxMessagesPerSecond } = own.smtp;
  assert.deepEqual(
    [host, port, implicitTls, maxConnections, maxMessagesPerSecond],
    ["smtp-relay.gmail.com", 587, false, 2, 1],
  );
  const sendgrid = await smtpOf('service = "sendgrid"\npassword = "SG.key"');
  assert.equal(sendgrid.smtp.auth?.username, "apikey");
  for (const service of ["hotmail", "ses", "ses:", "ses:europe", "mailgun-smtp"]) {
    assert.deepEqual(await refuse(file({ smtp: `service = "${service}"` })), [
      "Invalid smtp.service: must be one of microsoft365, google, sendgrid, postmark, " +
      `mailgun-smtp:us, mailgun-smtp:eu, ses:<region>, current value is "${service}"`,
    ]);
  }
});
