import assert from "node:assert/strict";
import { expandPath } from "./paths.ts";
import { accept, file, refuse } from "../testing/parse.ts";

Deno.test("expandPath() inserts the directory everywhere and changes nothing else", () => {
  const env = { credentialsDirectory: "/run/$&" };
  const cases: [string, string][] = [
    ["${CREDENTIALS_DIRECTORY}/key", "/run/$&/key"],
    ["/a${CREDENTIALS_DIRECTORY}/${CREDENTIALS_DIRECTORY}", "/a/run/$&//run/$&"],
    ["/plain", "/plain"],
    ["$HOME/${OTHER}", "$HOME/${OTHER}"],
    ["credential:smtp_password", "/run/$&/smtp_password"],
    ["/a/credential:x", "/a/credential:x"],
  ];
  for (const [path, expanded] of cases) {
    assert.deepEqual(expandPath(path, env), { ok: true, path: expanded });
  }
});

Deno.test("expandPath() refuses what cannot be the name of a credential", () => {
  for (const name of ["", ".", "..", "a/b", "../x"]) {
    const result = expandPath(`credential:${name}`, { credentialsDirectory: "/run/c" });
    assert.match(
      result.ok ? "" : result.error,
      /does not name a credential: write credential:NAME/,
    );
  }
  const unset = expandPath("credential:x", {});
  assert.match(
    unset.ok ? "" : unset.error,
    /^cannot expand 'credential:x': \$CREDENTIALS_DIRECTORY/,
  );
});

// One file with every key that holds a path, and no two that exclude each other.
const ALL = file({
  teleport: `client_key = "\${CREDENTIALS_DIRECTORY}/1"
    client_crt = "\${CREDENTIALS_DIRECTORY}/2"
    root_cas = "\${CREDENTIALS_DIRECTORY}/3"
    web_root_cas = "\${CREDENTIALS_DIRECTORY}/4"`,
  smtp: `host = "m"
    username = "u"
    password_file = "credential:password"
    root_cas = "\${CREDENTIALS_DIRECTORY}/5"
    client_crt = "\${CREDENTIALS_DIRECTORY}/6"
    client_key = "\${CREDENTIALS_DIRECTORY}/7"`,
  templates: 'directory = "${CREDENTIALS_DIRECTORY}/8"',
  log: 'output = "${CREDENTIALS_DIRECTORY}/9"',
});

Deno.test("parseConfig() expands ${CREDENTIALS_DIRECTORY} in every path", async () => {
  const credentialsDirectory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${credentialsDirectory}/password`, "p");
    const { config } = await accept(ALL, { credentialsDirectory });
    const text = JSON.stringify(config);
    assert.doesNotMatch(text, /CREDENTIALS_DIRECTORY/);
    for (const name of ["1", "2", "3", "4", "5", "6", "7", "8", "9", "password"]) {
      assert.ok(text.includes(`"${credentialsDirectory}/${name}"`), name);
    }
    const identity = file({ teleport: 'identity = "${CREDENTIALS_DIRECTORY}/id"' });
    const { teleport } = (await accept(identity, { credentialsDirectory })).config;
    assert.deepEqual(teleport.credentials, {
      kind: "identity",
      path: `${credentialsDirectory}/id`,
    });
  } finally {
    await Deno.remove(credentialsDirectory, { recursive: true });
  }
});

Deno.test("parseConfig() names every key whose path it cannot expand, and nothing else", async () => {
  const errors = await refuse(ALL);
  assert.deepEqual(errors.map((error) => /^Invalid ([\w.]+): cannot expand/.exec(error)?.[1]), [
    "teleport.client_key",
    "teleport.client_crt",
    "teleport.root_cas",
    "teleport.web_root_cas",
    "smtp.password_file",
    "smtp.root_cas",
    "smtp.client_crt",
    "smtp.client_key",
    "templates.directory",
    "log.output",
  ]);
  assert.equal(
    errors.at(-1),
    "Invalid log.output: cannot expand ${CREDENTIALS_DIRECTORY} in " +
      "'${CREDENTIALS_DIRECTORY}/9': $CREDENTIALS_DIRECTORY is not set; it comes from " +
      "LoadCredential= in a systemd unit, and can be set to the directory of the source on the " +
      "command line",
  );
});
