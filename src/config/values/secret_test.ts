import assert from "node:assert/strict";
import { readSecret } from "./secret.ts";
import { accept, file, refuse } from "../testing/parse.ts";

/** A file that is gone at the end of the block. */
async function temporary(text: string) {
  const path = await Deno.makeTempFile({ prefix: "secret" });
  await Deno.writeTextFile(path, text);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

function login(path: string): string {
  return file({ smtp: `host = "m"\nusername = "u"\npassword_file = ${JSON.stringify(path)}` });
}

function key(path: string): string {
  const mailgun = `domain = "d"\nprivate_key_file = ${JSON.stringify(path)}`;
  return file({ smtp: null, mailgun });
}

Deno.test("readSecret() reads the file each time, without surrounding white space", async () => {
  await using secret = await temporary(" one\n");
  assert.deepEqual(await readSecret({ file: secret.path }), { ok: true, value: "one" });
  await Deno.writeTextFile(secret.path, `${"x".repeat(3000)}\r\n`);
  const second = await readSecret({ file: secret.path });
  assert.equal(second.ok && second.value.length, 3000);
});

Deno.test("readSecret() returns a value unchanged", async () => {
  assert.deepEqual(await readSecret({ value: " p " }), { ok: true, value: " p " });
});

Deno.test("parseConfig() keeps the path of a secret's file, not its content", async () => {
  await using secret = await temporary("s3cret");
  const smtp = (await accept(login(secret.path))).config.mail;
  assert.ok(smtp.kind === "smtp" && smtp.auth !== undefined && "password" in smtp.auth);
  assert.deepEqual(smtp.auth.password, { file: secret.path });
  const mailgun = (await accept(key(secret.path))).config.mail;
  assert.deepEqual(mailgun.kind === "mailgun" && mailgun.privateKey, { file: secret.path });
});

Deno.test("parseConfig() warns about a secret of several lines, and about two places for one", async () => {
  await using secret = await temporary("one\n# two\n");
  const { warnings } = await accept(login(secret.path));
  assert.deepEqual(warnings, [
    "smtp.password_file has several lines: all of them are sent as one secret",
  ]);
  const both = file({
    smtp: null,
    mailgun: 'domain = "d"\nprivate_key = "k"\nprivate_key_file = "/f"',
  });
  assert.deepEqual((await accept(both)).warnings, [
    "both mailgun.private_key and mailgun.private_key_file are set: mailgun.private_key is used",
  ]);
});

Deno.test("parseConfig() refuses a secret's file that is missing, empty or a directory", async () => {
  await using secret = await temporary(" \n");
  const { path } = secret;
  const tail = `and ensure that password file ${path} is not empty`;
  const cases: [string, string][] = [
    [login(path), `provide smtp.password or smtp.password_file ${tail}`],
    [
      key(path),
      `provide mailgun.private_key or mailgun.private_key_file to use Mailgun ${tail}`,
    ],
    [
      login("/no/such"),
      "smtp.password_file: Error reading password from /no/such: no such file or directory",
    ],
    [
      key("/no/such"),
      "mailgun.private_key_file: Error reading password from /no/such: no such file or directory",
    ],
    [login("/"), "smtp.password_file: open /: is a directory"],
  ];
  for (const [text, error] of cases) assert.deepEqual(await refuse(text), [error]);
});
