import assert from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "smol-toml";
import { loadConfig, parseConfig } from "./load.ts";
import { file, refuse } from "./testing/parse.ts";

async function withFile(content: Uint8Array, test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".toml" });
  try {
    await Deno.writeFile(path, content);
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("loadConfig() reports an unreadable file with the original's text", async () => {
  const result = await loadConfig("/no/such.toml", {});
  assert.deepEqual(result, {
    ok: false,
    errors: ["open /no/such.toml: no such file or directory"],
    warnings: [],
    parts: {},
    isUnreadable: true,
  });
  const directory = await loadConfig("/", {});
  assert.deepEqual(!directory.ok && directory.errors, ["open /: is a directory"]);
});

Deno.test("loadConfig() reads a file, with a byte order mark, too", async () => {
  for (const mark of ["", "\ufeff"]) {
    await withFile(new TextEncoder().encode(mark + file()), async (path) => {
      const result = await loadConfig(path, {});
      assert.ok(result.ok);
      assert.equal(result.config.mail.kind, "smtp");
    });
  }
});

Deno.test("loadConfig() names the file where it cannot name a key", async () => {
  await withFile(new TextEncoder().encode("[smtp\n"), async (path) => {
    const result = await loadConfig(path, {});
    assert.ok(!result.ok);
    assert.equal(result.errors.length, 1);
    assert.ok(result.errors[0]?.startsWith(`${path}: (1, 6): `));
  });
  await withFile(Uint8Array.of(0xff, 0xfe), async (path) => {
    const result = await loadConfig(path, {});
    assert.deepEqual(!result.ok && result.errors, [`${path}: invalid UTF-8`]);
  });
});

Deno.test("parseConfig() reports every error of a file at once", async () => {
  const errors = await refuse(`
    [teleport]
    addr = "a:b:c"
    via = "tunnel"
    [mailgun]
    [smtp]
    port = 70000
    [delivery]
    sender = "nobody"
    [role_to_recipients]
    dev = 5
    [log]
    severity = "loud"`);
  assert.deepEqual(errors, [
    'Invalid teleport.via: must be one of auto, direct, upgrade, ssh, current value is "tunnel"',
    "Invalid teleport.addr: cannot use 'a:b:c' as an address: must be host:port",
    "Invalid delivery.sender: must be an address such as a@example.com or " +
    'Name <a@example.com>, current value is "nobody"',
    "role_to_recipients.dev: unmarshal toml: unexpected type for recipients value int64 " +
    "(an integer)",
    "specify mailgun.private_key or mailgun.private_key_file",
    "provide mailgun.domain to use Mailgun",
    "Invalid smtp.port: must be between 1 and 65535, current value is 70000",
    "provide smtp.host to use SMTP",
    'Invalid log.severity: unsupported logger severity: "loud", must be one of error, warn, info, ' +
    "debug, trace",
  ]);
});

Deno.test("parseConfig() refuses a value in place of a table", async () => {
  for (const name of ["teleport", "mailgun", "smtp", "delivery", "templates", "http", "log"]) {
    const errors = await refuse(`${name} = 5\n${file({ [name]: null })}`);
    assert.deepEqual(errors, [`Invalid ${name}: must be a table, current value is an integer`]);
    const lists = await refuse(file({ [name]: null }) + `[[${name}]]\n`);
    assert.deepEqual(lists, [`Invalid ${name}: must be a table, current value is a list`]);
  }
});

/** Texts near to a configuration: its tables and keys with values of every kind. */
function configurations(): fc.Arbitrary<string> {
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("", "a@b.c", "x:1", "1h", "${CREDENTIALS_DIRECTORY}/x", "<password>", "eu"),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.double(),
    fc.boolean(),
    fc.array(fc.oneof(fc.string(), fc.constant("a@b.c"), fc.boolean()), { maxLength: 3 }),
    fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }),
    fc.dictionary(fc.string(), fc.integer(), { maxKeys: 2 }),
  );
  const key = fc.constantFrom(
    ..."addr identity client_key client_crt root_cas refresh_identity_interval via host HOST port",
    ..."username password password_file domain private_key region base_url sender recipients"
      .split(" "),
    ..."catch_up retry_for listen output severity format directory * dev __proto__ constructor"
      .split(" "),
    "max_connections",
    "max_messages_per_second",
  );
  const table = fc.constantFrom(
    ..."teleport mailgun smtp SMTP delivery role_to_recipients templates http log slack __proto__"
      .split(" "),
  );
  const content = fc.oneof(
    { weight: 8, arbitrary: fc.dictionary(key, value, { maxKeys: 6 }) },
    { weight: 1, arbitrary: value },
  );
  return fc.dictionary(table, content, { maxKeys: 9 }).map((tables) => stringify(tables));
}

Deno.test("parseConfig() never throws and gives a configuration or single-line errors", async () => {
  const text = fc.oneof(
    { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
    { weight: 4, arbitrary: configurations() },
    { weight: 2, arbitrary: configurations().map((text) => text + file({ extra: "" })) },
  );
  await fc.assert(
    fc.asyncProperty(text, async (value) => {
      const result = await parseConfig(value, "test.toml", {});
      assert.ok(result.ok || result.errors.length > 0);
      const lines = [...result.warnings, ...(result.ok ? [] : result.errors)];
      for (const line of lines) assert.doesNotMatch(line, /^$|[\p{Cc}\u2028\u2029]/u);
      if (result.ok) assert.ok(result.config.roleToRecipients.has("*"));
    }),
    { numRuns: 400 },
  );
});
