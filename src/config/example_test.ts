import assert from "node:assert/strict";
import type { Config } from "./config.ts";
import { EXAMPLE, exampleFor } from "./example.ts";
import { parseConfig } from "./load.ts";
import { SERVICE_NAMES, smtpService } from "./sections/smtp_services.ts";
import { PLACEHOLDERS } from "./values/fields.ts";

const VALUES: Readonly<Record<string, string>> = {
  "<your mail server>": "smtp.example.com",
  "<user name>": "teleport",
  "<password>": "hunter2",
  "<client secret>": "s3cret",
  "<your Mailgun domain>": "mg.example.com",
  "<your Mailgun key>": "key-123",
};

/** Does what the sample tells its reader: takes the `#` from a section and fills in. */
function fillIn(section: string, keys: readonly string[], sample = EXAMPLE): string {
  let inside = false;
  const lines = sample.split("\n").map((line) => {
    if (/^#?\[/.test(line)) inside = line === `#[${section}]`;
    const key = /^#(\w+) =/.exec(line)?.[1];
    const wanted = inside && (line.startsWith("#[") || (key !== undefined && keys.includes(key)));
    return wanted ? line.slice(1).replace(/<[^<>]+>/, (text) => VALUES[text] ?? "") : line;
  });
  return lines.join("\n");
}

async function load(text: string): Promise<Config> {
  const result = await parseConfig(text, "test.toml", {});
  assert.ok(result.ok, JSON.stringify(result));
  assert.deepEqual(result.warnings, []);
  return result.config;
}

Deno.test("EXAMPLE loads without a warning once [smtp] is filled in", async () => {
  const config = await load(fillIn("smtp", ["host", "username", "password"]));
  assert.equal(config.mail.kind, "smtp");
  assert.deepEqual(
    config.roleToRecipients,
    new Map([
      ["dev", ["dev-manager@example.com"]],
      ["*", ["root@example.com", "admin@example.com"]],
    ]),
  );
});

Deno.test("EXAMPLE loads without a warning once [mailgun] is filled in", async () => {
  const config = await load(fillIn("mailgun", ["domain", "private_key"]));
  assert.equal(config.mail.kind === "mailgun" && config.mail.domain, "mg.example.com");
});

Deno.test("EXAMPLE as printed lacks a mail section and nothing else", async () => {
  const result = await parseConfig(EXAMPLE, "test.toml", {});
  assert.deepEqual([!result.ok && result.errors, result.warnings], [
    ["provide either [mailgun] or [smtp] sections to work with plugin"],
    [],
  ]);
});

Deno.test("EXAMPLE is refused for each remaining placeholder", async () => {
  const sections = [
    ["smtp", ["host", "username", "password"]],
    ["mailgun", ["domain", "private_key"]],
    ["smtp.oauth2", ["provider", "tenant", "client_id", "client_secret"]],
  ] as const;
  const left = new Set(PLACEHOLDERS);
  for (const [section, keys] of sections) {
    const sample = section === "smtp.oauth2" ? fillIn("smtp", ["host", "username"]) : EXAMPLE;
    const filled = fillIn(section, keys, sample);
    for (const [placeholder, value] of Object.entries(VALUES)) {
      if (!filled.includes(`"${value}"`)) continue;
      left.delete(placeholder);
      const text = filled.replace(`"${value}"`, `"${placeholder}"`);
      const result = await parseConfig(text, "test.toml", {});
      assert.ok(!result.ok, placeholder);
      assert.equal(result.errors.length, 1, result.errors.join("\n"));
      assert.match(result.errors[0] ?? "", /placeholder/);
    }
  }
  assert.deepEqual(left, new Set(), "every placeholder stands in the sample");
});

Deno.test("EXAMPLE shows real defaults after its # signs", async () => {
  const needed = ["host", "username", "password"];
  const defaults = [
    "port",
    "starttls_policy",
    "implicit_tls",
    "insecure_skip_verify",
    "require_auth",
    "timeout",
  ];
  const plain = await load(fillIn("smtp", needed));
  const shown = fillIn("smtp", [...needed, ...defaults, "max_connections"])
    .replace(
      /^#(?=(?:refresh_identity_interval|via|html|details|time_zone|actions|notify_requester|catch_up|retry_for) =)/gm,
      "",
    )
    .replace(/^#(?=format =)/m, "");
  assert.deepEqual(await load(shown), plain);
});

Deno.test("EXAMPLE contains only keys that the loader knows", async () => {
  const all = EXAMPLE.replace(/^#(?=\[|\w+ =|")/gm, "").replace(
    /"(<[^<>"]+>)"/g,
    (_, text: string) => JSON.stringify(VALUES[text]),
  );
  const result = await parseConfig(all, "test.toml", {});
  assert.deepEqual(result.warnings.filter((text) => text.startsWith("Unknown")), []);
});

Deno.test("exampleFor() fills in a service, and loads as it is", async () => {
  for (const name of [...SERVICE_NAMES.slice(0, -1), "ses:eu-west-1"]) {
    const { mail } = await load(exampleFor(name));
    assert.ok(mail.kind === "smtp");
    assert.equal(mail.service, name);
    assert.equal(mail.host, smtpService(name)?.host);
    assert.ok(mail.auth?.username);
    assert.equal("oauth2" in mail.auth, /microsoft|google/.test(name));
  }
});
