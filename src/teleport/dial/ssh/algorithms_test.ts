import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { certificateAlgorithms, CertificateKeyPair, userKeyPairs } from "./algorithms.ts";
import { encodeSignature } from "./key.ts";
import { aCertificate, keyOf } from "./testing/ssh_certificates.ts";

Deno.test("certificateAlgorithms() offers certificates only, small keys first and no SHA-1", () => {
  const names = certificateAlgorithms().map(({ name }) => name);
  assert.deepEqual(names, [
    "ssh-ed25519-cert-v01@openssh.com",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "rsa-sha2-512-cert-v01@openssh.com",
    "rsa-sha2-256-cert-v01@openssh.com",
  ]);
});

Deno.test("userKeyPairs() has one pair for each algorithm of the key", () => {
  const pairs = userKeyPairs(aCertificate({ key: keyOf("rsa") }), keyOf("rsa"));
  const names = pairs.map(({ keyAlgorithmName }) => keyAlgorithmName);
  assert.deepEqual(names, [
    "rsa-sha2-512-cert-v01@openssh.com",
    "rsa-sha2-256-cert-v01@openssh.com",
  ]);
  assert.equal(userKeyPairs(aCertificate(), keyOf("ed25519")).length, 1);
});

Deno.test("A host's certificate must be of the negotiated type", async () => {
  const pair = new CertificateKeyPair("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256");
  await assert.rejects(pair.setPublicKeyBytes(aCertificate().blob), {
    kind: "credentials",
    message: /has a key of type 'ssh-ed25519', but 'ecdsa-sha2-nistp256' was negotiated/,
  });
  assert.equal(pair.hasPublicKey, false);
});

Deno.test("A host's signature must use the negotiated algorithm", () => {
  const [ed25519] = certificateAlgorithms();
  const body = Buffer.from("body");
  assert.deepEqual(ed25519?.readSignatureData(encodeSignature("ssh-ed25519", body)), body);
  assert.throws(() => ed25519?.readSignatureData(encodeSignature("rsa-sha2-512", body)), {
    kind: "credentials",
    message: "the proxy signed with 'rsa-sha2-512', but 'ssh-ed25519' was negotiated",
  });
});

Deno.test("Certificate keys are neither generated nor converted, and sign nothing for others", async () => {
  const pair = new CertificateKeyPair("ssh-ed25519", "ssh-ed25519");
  const attempts = [pair.generate(), pair.importParameters(), pair.exportParameters()];
  for (const result of await Promise.allSettled(attempts)) assert.equal(result.status, "rejected");
  assert.throws(() => pair.sign(Buffer.from("data")), /there is no private key/);
});
