import assert from "node:assert/strict";
import { join } from "node:path";
import { loadConfig } from "./load.ts";
import { file } from "./testing/parse.ts";

/** The warnings about a configuration file and the files that it names, with these modes. */
async function warningsOf(
  modes: Readonly<Record<string, number>>,
  configMode: number,
  smtp: (dir: string) => string,
  oauth2?: (dir: string) => string,
): Promise<readonly string[]> {
  const dir = await Deno.makeTempDir();
  try {
    for (const [name, mode] of Object.entries(modes)) {
      await Deno.writeTextFile(join(dir, name), "secret");
      await Deno.chmod(join(dir, name), mode);
    }
    const path = join(dir, "config.toml");
    const tables = {
      teleport: `identity = "${join(dir, "identity")}"`,
      smtp: `host = "mail.example.com"\n${smtp(dir)}`,
      ...oauth2 === undefined ? {} : { "smtp.oauth2": oauth2(dir) },
    };
    await Deno.writeTextFile(path, file(tables));
    await Deno.chmod(path, configMode);
    const result = await loadConfig(path, {});
    assert.ok(result.ok, JSON.stringify(result));
    return result.warnings.map((text) => text.replaceAll(`${dir}/`, ""));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const inline = () => 'username = "u"\npassword = "p"';
const fromFile = (dir: string) => `username = "u"\npassword_file = "${dir}/password"`;

Deno.test("loadConfig() warns once of files with secrets that others can read", async () => {
  assert.deepEqual(await warningsOf({ identity: 0o644, password: 0o604 }, 0o644, fromFile), [
    "every user of this machine can read secrets in 'identity', 'password': take that right from " +
    "others (chmod o-r)",
  ]);
  assert.deepEqual(await warningsOf({ identity: 0o600 }, 0o644, inline), [
    "every user of this machine can read secrets in 'config.toml': take that right from others " +
    "(chmod o-r)",
  ]);
});

Deno.test("loadConfig() warns of no file that only owner and group can read, or that has no secret", async () => {
  assert.deepEqual(await warningsOf({ identity: 0o640, password: 0o400 }, 0o644, fromFile), []);
  assert.deepEqual(await warningsOf({ identity: 0o600 }, 0o640, inline), []);
  assert.deepEqual(await warningsOf({}, 0o644, () => ""), []);
});

Deno.test("loadConfig() warns of the secrets of OAuth 2.0, too", async () => {
  const user = () => 'username = "u@example.com"';
  const app = 'tenant = "t.example"\nclient_id = "c"\nprovider = "microsoft"\n';
  const cases: readonly (readonly [string, (dir: string) => string])[] = [
    ["token", (dir) => `access_token_file = "${dir}/token"`],
    ["key", (dir) => `${app}client_certificate = "${dir}/crt"\nclient_key = "${dir}/key"`],
    ["federated", (dir) => `${app}federated_token_file = "${dir}/federated"`],
    ["secret", (dir) => `${app}client_secret_file = "${dir}/secret"`],
    ["account", (dir) => `provider = "google"\nservice_account_file = "${dir}/account"`],
  ];
  for (const [name, oauth2] of cases) {
    const [warning = ""] = await warningsOf({ [name]: 0o644, crt: 0o644 }, 0o644, user, oauth2);
    assert.match(warning, new RegExp(`secrets in '${name}':`));
  }
});
