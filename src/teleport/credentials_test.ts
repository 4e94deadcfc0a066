import assert from "node:assert/strict";
import { identityFileText, issueIdentity } from "../../sim/pki/identity.ts";
import { createPki, type KeyType } from "../../sim/pki/pki.ts";
import { type CredentialSource, loadCredentials } from "./credentials.ts";

const pki = await createPki("example.com");

/** Writes files into a folder that is removed afterwards. */
async function withFiles(
  files: Record<string, string>,
  test: (path: (name: string) => string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${dir}/${name}`, text);
    }
    await test((name) => `${dir}/${name}`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function refusal(source: CredentialSource): Promise<string> {
  try {
    await loadCredentials(source, Date.now());
  } catch (error) {
    assert.ok(error instanceof Error && error.name === "ClusterError");
    return error.message;
  }
  assert.fail("the credentials were accepted");
}

Deno.test("loadCredentials() reads an identity file of every key type and form", async () => {
  for (const keyType of ["ec", "rsa", "ed25519"] satisfies KeyType[]) {
    for (const keyForm of ["pkcs8", "traditional"] as const) {
      if (keyType === "ed25519" && keyForm === "traditional") continue;
      const identity = await issueIdentity(pki, { keyType, keyForm });
      await withFiles({ identity: identityFileText(identity) }, async (path) => {
        const source = { kind: "identity", path: path("identity") } as const;
        const { subject, cluster, notAfterMs, caPems } = await loadCredentials(source, Date.now());
        assert.deepEqual([subject, cluster, caPems.length], ["access-email", "example.com", 1]);
        assert.ok(notAfterMs > Date.now() + 11 * 3_600_000);
      });
    }
  }
});

Deno.test("loadCredentials() reads a key, a certificate and CAs from three files", async () => {
  const { keyPem, certPem, casPem } = await issueIdentity(pki);
  await withFiles({ key: keyPem, crt: certPem, cas: casPem + casPem }, async (path) => {
    const source = { kind: "files", key: path("key"), crt: path("crt"), cas: path("cas") } as const;
    const { subject, caPems } = await loadCredentials(source, Date.now());
    assert.deepEqual([subject, caPems.length], ["access-email", 2]);
  });
});

Deno.test("loadCredentials() names subject, issuer, time and file of an expired certificate", async () => {
  const identity = await issueIdentity(pki, { ttlMs: -60_000 });
  await withFiles({ identity: identityFileText(identity) }, async (path) => {
    const message = await refusal({ kind: "identity", path: path("identity") });
    assert.match(
      message,
      /^expired credential found: the certificate for 'access-email', issued by 'example\.com' is not valid after '20\d\d-[^']+Z' \(identity file '[^']+identity'\)\. Please sign new credentials/,
    );
  });
});

Deno.test("loadCredentials() has one clear line for every broken file", async () => {
  const good = await issueIdentity(pki);
  const other = await issueIdentity(pki);
  const text = identityFileText(good);
  const files = {
    empty: "",
    truncated: text.slice(0, text.length - 60),
    mismatch: identityFileText({ ...good, keyPem: other.keyPem }),
    badKey: identityFileText({
      ...good,
      keyPem: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    }),
    badCert: identityFileText({
      ...good,
      certPem: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    }),
    key: good.keyPem,
    crt: good.certPem,
  };
  await withFiles(files, async (path) => {
    const identity = (name: string) => ({ kind: "identity", path: path(name) }) as const;
    const named = (name: string) => `identity file '${path(name)}'`;
    const cases: [CredentialSource, string][] = [
      [identity("missing"), `cannot read ${named("missing")}: no such file or directory`],
      [
        identity("empty"),
        `identity file could not be decoded: the file is empty (${named("empty")})`,
      ],
      [
        identity("truncated"),
        `identity file could not be decoded: invalid PEM block (fragment) (${named("truncated")})`,
      ],
      [
        identity("mismatch"),
        `the private key in ${
          named("mismatch")
        } does not match the certificate for 'access-email' ` +
        `in ${named("mismatch")}`,
      ],
      [
        identity("badKey"),
        `the private key in ${
          named("badKey")
        } cannot be read: it is damaged or of a kind that is ` +
        `not supported`,
      ],
      [
        identity("badCert"),
        `the TLS certificate in ${named("badCert")} cannot be read: it is damaged or of a kind ` +
        `that is not supported`,
      ],
      [
        { kind: "files", key: path("key"), crt: path("crt"), cas: path("key") },
        `root_cas '${path("key")}' contains no PEM certificate`,
      ],
      [
        { kind: "files", key: path("key"), crt: path("crt"), cas: path("nosuch") },
        `cannot read root_cas '${path("nosuch")}': no such file or directory`,
      ],
    ];
    for (const [source, message] of cases) assert.equal(await refusal(source), message);
  });
});
