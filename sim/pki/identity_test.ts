import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { identityFileText, issueAuthServer, issueIdentity } from "./identity.ts";
import { createPki } from "./pki.ts";

Deno.test("issueIdentity() makes the user the CN and each role an O, signed by the user CA", async () => {
  const pki = await createPki("ex.com");
  const identity = await issueIdentity(pki, { user: "bot", roles: ["a", "b"], ttlMs: 60_000 });
  const certificate = new X509Certificate(identity.certPem);
  assert.deepEqual(certificate.subject.split("\n"), ["O=a", "O=b", "CN=bot"]);
  assert.deepEqual(certificate.issuer.split("\n"), ["O=ex.com", "CN=ex.com"]);
  assert.ok(certificate.checkPrivateKey(createPrivateKey(identity.keyPem)));
  assert.ok(certificate.verify(new X509Certificate(pki.userCa.certPem).publicKey));
  assert.ok(!certificate.verify(new X509Certificate(pki.hostCa.certPem).publicKey));
});

Deno.test("issueIdentity() can issue an expired identity", async () => {
  const { certPem } = await issueIdentity(await createPki("ex.com"), { ttlMs: -3_600_000 });
  const { validFrom, validTo } = new X509Certificate(certPem);
  assert.ok(new Date(validTo) < new Date());
  assert.ok(new Date(validFrom) < new Date(validTo));
});

for (
  const [keyType, keyForm, label] of [
    ["ec", "pkcs8", "PRIVATE KEY"],
    ["ec", "traditional", "EC PRIVATE KEY"],
    ["rsa", "traditional", "RSA PRIVATE KEY"],
    ["ed25519", "traditional", "PRIVATE KEY"],
  ] as const
) {
  Deno.test(`identityFileText() begins with '${label}' for ${keyType}, ${keyForm}`, async () => {
    const identity = await issueIdentity(await createPki("ex.com"), { keyType, keyForm });
    const text = identityFileText(identity);
    const labels = [...text.matchAll(/^-----BEGIN (.+)-----$/gm)].map((match) => match[1]);
    assert.deepEqual(labels, [label, "CERTIFICATE", "CERTIFICATE"]);
    assert.ok(text.endsWith("-----END CERTIFICATE-----\n"));
  });
}

Deno.test("issueAuthServer() carries the names that every client verifies", async () => {
  const pki = await createPki("ex.com");
  const certificate = new X509Certificate((await issueAuthServer(pki)).certPem);
  // Not by checkHost(), which knows no wildcards on Deno 2.9.3.
  assert.equal(
    certificate.subjectAltName,
    "DNS:teleport.cluster.local, DNS:*.teleport.cluster.local, DNS:localhost, IP Address:127.0.0.1",
  );
  assert.ok(certificate.verify(new X509Certificate(pki.hostCa.certPem).publicKey));
});
