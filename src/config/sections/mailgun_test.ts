import assert from "node:assert/strict";
import type { MailgunConfig } from "../config.ts";
import { accept, file, refuse } from "../testing/parse.ts";

async function mailgunOf(body: string): Promise<MailgunConfig> {
  const { config, warnings } = await accept(file({ smtp: null, mailgun: body }));
  assert.deepEqual(warnings, []);
  assert.ok(config.mail.kind === "mailgun");
  return config.mail;
}

const NEEDED = 'domain = "mg.example.com"\nprivate_key = "k"\n';

Deno.test("[mailgun] needs a domain and a key", async () => {
  assert.deepEqual(await mailgunOf(NEEDED), {
    kind: "mailgun",
    domain: "mg.example.com",
    privateKey: { value: "k" },
    baseUrl: "https://api.mailgun.net",
    maxConnections: 10,
  });
});

Deno.test("[mailgun] accepts limits", async () => {
  const mailgun = await mailgunOf(`${NEEDED}max_connections = 2\nmax_messages_per_second = 7`);
  assert.equal(mailgun.maxConnections, 2);
  assert.equal(mailgun.maxMessagesPerSecond, 7);
});

Deno.test("[mailgun] accepts a region or a URL with or without the API's version", async () => {
  const cases: [string, string][] = [
    ['region = "us"', "https://api.mailgun.net"],
    ['region = "eu"', "https://api.eu.mailgun.net"],
    ['base_url = "https://api.eu.mailgun.net/"', "https://api.eu.mailgun.net"],
    ['base_url = "https://api.eu.mailgun.net/v3"', "https://api.eu.mailgun.net"],
    ['base_url = "http://127.0.0.1:8080/mail/v4/"', "http://127.0.0.1:8080/mail"],
  ];
  for (const [line, baseUrl] of cases) {
    assert.equal((await mailgunOf(NEEDED + line)).baseUrl, baseUrl, line);
  }
});

Deno.test("[mailgun] refuses what cannot work", async () => {
  const url = "Invalid mailgun.base_url: must be a URL such as https://api.eu.mailgun.net";
  const cases: [string, string[]][] = [
    ["", [
      "specify mailgun.private_key or mailgun.private_key_file",
      "provide mailgun.domain to use Mailgun",
    ]],
    ['domain = "d"', ["specify mailgun.private_key or mailgun.private_key_file"]],
    ['private_key = "k"\ndomain = ""', ["provide mailgun.domain to use Mailgun"]],
    ['private_key = "k"\ndomain = "https://d"', [
      'Invalid mailgun.domain: must be a domain name, current value is "https://d"',
    ]],
    [`${NEEDED}region = "asia"`, [
      'Invalid mailgun.region: must be one of us, eu, current value is "asia"',
    ]],
    [`${NEEDED}region = "eu"\nbase_url = "https://api.mailgun.net"`, [
      "provide either mailgun.region or mailgun.base_url, not both",
    ]],
    [`${NEEDED}base_url = "api.mailgun.net"`, [`${url}, current value is "api.mailgun.net"`]],
    [`${NEEDED}base_url = "ftp://m"`, [`${url}, current value is "ftp://m"`]],
    [`${NEEDED}base_url = "https://api:key@m"`, [
      "Invalid mailgun.base_url: must not hold a user name or password",
    ]],
    [`${NEEDED}max_connections = 1.5`, [
      "Invalid mailgun.max_connections: must be an integer, current value is a float",
    ]],
  ];
  for (const [body, errors] of cases) {
    assert.deepEqual(await refuse(file({ smtp: null, mailgun: body })), errors, body);
  }
});

Deno.test("[mailgun] warns about a key in clear text, except to this machine", async () => {
  const warningsOf = async (url: string) => {
    const mailgun = `domain = "d"\nprivate_key = "k"\nbase_url = "${url}"`;
    return (await accept(file({ smtp: null, mailgun }))).warnings;
  };
  assert.deepEqual(await warningsOf("http://mail.example.com"), [
    "mailgun.base_url is not https: the Mailgun key and the emails are sent in clear text",
  ]);
  for (const url of ["http://127.0.0.1:1", "http://[::1]:1", "http://localhost", "https://m.org"]) {
    assert.deepEqual(await warningsOf(url), [], url);
  }
});
