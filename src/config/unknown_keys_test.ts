import assert from "node:assert/strict";
import { accept, file } from "./testing/parse.ts";

async function warningsOf(text: string): Promise<readonly string[]> {
  return (await accept(text)).warnings;
}

Deno.test("parseConfig() suggests the nearest key of the same table", async () => {
  const smtp = 'host = "m"\npasword_file = "/p"\nstart_tls_policy = "disabled"\nPort = 25\nx = 1';
  assert.deepEqual(await warningsOf(file({ smtp })), [
    "Unknown key 'smtp.pasword_file': did you mean 'smtp.password_file'?",
    "Unknown key 'smtp.start_tls_policy': did you mean 'smtp.starttls_policy'?",
    "Unknown key 'smtp.x'",
  ]);
});

Deno.test("parseConfig() finds the table that a key belongs to", async () => {
  const teleport = 'identity = "/id"\nsender = "a@example.com"';
  assert.deepEqual(await warningsOf(`severity = "info"\n${file({ teleport })}`), [
    "Unknown key 'severity': did you mean 'log.severity'?",
    "Unknown key 'teleport.sender': did you mean 'delivery.sender'?",
  ]);
});

Deno.test("parseConfig() warns about other tables, with a suggestion for a typo only", async () => {
  assert.deepEqual(await warningsOf(file({ slack: "token = 't'", logs: "", "a.b": "c = 1" })), [
    "Unknown table 'slack'",
    "Unknown table 'logs': did you mean 'log'?",
    "Unknown table 'a'",
  ]);
});

Deno.test("parseConfig() accepts every spelling that the original accepts", async () => {
  const { config, warnings } = await accept(`
    [TELEPORT]
    IDENTITY = "/id"
    [SMTP]
    Host = "m"
    PORT = 25
    Username = "u"
    PASSWORD = "p"
    STARTTLS_POLICY = "disabled"
    [DELIVERY]
    Sender = "a@example.com"
    Recipients = ["b@example.com"]
    [LOG]
    SEVERITY = "debug"`);
  assert.ok(config.mail.kind === "smtp");
  assert.equal(config.mail.port, 25);
  assert.equal(config.mail.starttlsPolicy, "disabled");
  assert.equal(config.log.severity, "debug");
  assert.equal(warnings.length, 2, "those of delivery.recipients and of a password in clear text");
});

Deno.test("parseConfig() uses the original's choice of two spellings, with a warning", async () => {
  const text = file({ smtp: 'HOST = "loud"\nhost = "quiet"', LOG: "", log: "" });
  const { config, warnings } = await accept(text);
  assert.equal(config.mail.kind === "smtp" && config.mail.host, "quiet");
  assert.deepEqual(warnings, [
    "The following key was defined twice: log and LOG; the former is used",
    "The following key was defined twice: smtp.host and smtp.HOST; the former is used",
  ]);
});

Deno.test("parseConfig() keeps an unusual key on its line", async () => {
  assert.deepEqual(await warningsOf(`"a\\nb\\u001b" = 1\n${file()}`), [
    "Unknown key 'a\\u000ab\\u001b'",
  ]);
});
