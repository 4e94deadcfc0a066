import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { issueSshCertificate, sshLine } from "../../../../sim/proxy/ssh/certificates.ts";
import type { Credentials } from "../../credentials.ts";
import { readSshUser } from "./user.ts";
import { CA, HOUR_MS, keyOf, NOW_MS } from "./testing/ssh_certificates.ts";
import { someCredentials } from "../testing/tunnel.ts";

const credentials = await someCredentials();
const { ssh } = credentials;
assert.ok(ssh);

function certificate(changes: Partial<Parameters<typeof issueSshCertificate>[1]>): Credentials {
  const key = createPrivateKey(credentials.keyPem);
  const blob = issueSshCertificate(CA, {
    kind: "user",
    key,
    keyId: "the-key-id",
    principals: ["first", "second"],
    ttlMs: HOUR_MS,
    ...changes,
  });
  return {
    ...credentials,
    ssh: { certificate: sshLine(blob), authorities: ssh?.authorities ?? [] },
  };
}

Deno.test("readSshUser() logs in as the first principal, or else as the key id", () => {
  assert.equal(readSshUser(credentials, NOW_MS).name, "access-email");
  assert.equal(readSshUser(certificate({}), NOW_MS).name, "first");
  assert.equal(readSshUser(certificate({ principals: [] }), NOW_MS).name, "the-key-id");
});

Deno.test("readSshUser() uses the key of the TLS certificate and the CAs", () => {
  const user = readSshUser(credentials, NOW_MS);
  assert.ok(user.privateKey.equals(createPrivateKey(credentials.keyPem)));
  assert.equal(user.authorities.length, 1);
});

const { ssh: _, ...withoutSsh } = credentials;
for (
  const [what, wrong, expected] of [
    ["no SSH side", withoutSsh, /have no SSH certificate; the SSH tunnel needs an identity file/],
    [
      "no CAs",
      { ...credentials, ssh: { ...ssh, authorities: ["example.com ssh-rsa AAAA"] } },
      /has no '@cert-authority' line/,
    ],
    ["a host's certificate", certificate({ kind: "host" }), /of 'access-email' is a host's$/],
    [
      "an expired certificate",
      certificate({ ttlMs: -HOUR_MS }),
      /^expired credential found: the SSH certificate for 'access-email' is not valid after '20/,
    ],
    [
      "a certificate for another key",
      certificate({ key: keyOf("p256") }),
      /private key does not match the SSH certificate for 'access-email'/,
    ],
    [
      "a damaged certificate",
      { ...credentials, ssh: { ...ssh, certificate: ssh.certificate.slice(0, 300) } },
      /^the SSH data is damaged: /,
    ],
  ] as const
) {
  Deno.test(`readSshUser() refuses an identity with ${what}`, () => {
    assert.throws(() => readSshUser(wrong, NOW_MS), { kind: "credentials", message: expected });
  });
}
