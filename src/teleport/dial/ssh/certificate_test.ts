import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { issueSshCertificate, sshLine } from "../../../../sim/proxy/ssh/certificates.ts";
import { publicKeyBlob } from "../../../../sim/proxy/ssh/keys.ts";
import { ClusterError } from "../../errors.ts";
import { parseCertificate, parseCertificateLine } from "./certificate.ts";
import { aCertificate, CA, HOUR_MS, keyOf, NOW_MS } from "./testing/ssh_certificates.ts";

Deno.test("parseCertificate() reads every field", () => {
  const certificate = aCertificate({
    kind: "user",
    keyId: "bot@example.com",
    principals: ["bot", "-teleport-nologin"],
    notBeforeMs: 1_700_000_000_000,
    criticalOptions: { "source-address": "10.0.0.0/8" },
  });
  assert.equal(certificate.kind, "user");
  assert.equal(certificate.keyType, "ssh-ed25519");
  assert.equal(certificate.keyId, "bot@example.com");
  assert.deepEqual(certificate.principals, ["bot", "-teleport-nologin"]);
  assert.equal(certificate.notBeforeMs, 1_700_000_000_000);
  assert.ok(Math.abs(certificate.notAfterMs - NOW_MS - HOUR_MS) < 60_000);
  assert.deepEqual(certificate.criticalOptions, ["source-address"]);
  assert.ok(certificate.authority.equals(publicKeyBlob(CA)));
  assert.equal(certificate.signatureAlgorithm, "ssh-ed25519");
});

for (const type of ["rsa", "p256", "p384", "p521", "ed25519"] as const) {
  Deno.test(`parseCertificate() checks signatures by authorities of type ${type}`, () => {
    const ca = keyOf(type);
    const certificate = aCertificate({ key: keyOf(type) }, ca);
    assert.ok(certificate.hasValidSignature());
    const forged = Buffer.from(certificate.blob);
    const at = forged.indexOf("proxy.example.com");
    forged[at] = "q".charCodeAt(0);
    assert.deepEqual(parseCertificate(forged).principals, ["qroxy.example.com"]);
    assert.ok(!parseCertificate(forged).hasValidSignature());
  });
}

Deno.test("parseCertificate() keeps its result when the buffer is reused", () => {
  const bytes = Buffer.from(aCertificate().blob);
  const certificate = parseCertificate(bytes);
  bytes.fill(0);
  assert.ok(certificate.hasValidSignature());
});

Deno.test("parseCertificate() reads certificates without expiry", () => {
  const blob = Buffer.from(aCertificate().blob);
  const principal = "proxy.example.com";
  const end = blob.indexOf(principal) + principal.length + 8;
  blob.fill(0xff, end, end + 8);
  assert.equal(parseCertificate(blob).notAfterMs, Infinity);
  // One second less is past what a date can hold, and still a date.
  blob[end + 7] = 0xfe;
  assert.ok(new Date(parseCertificate(blob).notAfterMs).toISOString());
});

Deno.test("parseCertificate() refuses damaged bytes with a ClusterError", () => {
  const blobs = (["rsa", "p256", "ed25519"] as const).map((type) =>
    aCertificate({ key: keyOf(type), criticalOptions: { a: "b" } }).blob
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...blobs),
      fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
      fc.option(fc.nat(400)),
      (blob, changes, cut) => {
        const damaged = Buffer.from(blob.subarray(0, cut ?? blob.length));
        for (const [at, byte] of changes) if (at < damaged.length) damaged[at] = byte;
        try {
          parseCertificate(damaged).hasValidSignature();
        } catch (error) {
          assert.ok(error instanceof ClusterError, String(error));
          assert.equal(error.kind, "credentials");
        }
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("parseCertificate() refuses plain keys, and data after a certificate", () => {
  const plain = publicKeyBlob(keyOf("ed25519"));
  assert.throws(() => parseCertificate(plain), /'ssh-ed25519' is not a known certificate type/);
  const longer = Buffer.concat([aCertificate().blob, Buffer.of(0)]);
  assert.throws(() => parseCertificate(longer), /bytes are left over/);
});

Deno.test("parseCertificate() refuses certificates that are neither a user's nor a host's", () => {
  const blob = Buffer.from(aCertificate({ keyId: "the key's id" }).blob);
  // The kind stands before the key's id, which begins with its length.
  const kindAt = blob.indexOf("the key's id") - 8;
  assert.ok([1, 2].includes(blob.readUInt32BE(kindAt)));
  blob.writeUInt32BE(3, kindAt);
  assert.throws(() => parseCertificate(blob), /neither a user's nor a host's/);
});

Deno.test("parseCertificateLine() reads lines with and without a comment", () => {
  const blob = issueSshCertificate(CA, {
    kind: "user",
    key: keyOf("p256"),
    keyId: "bot",
    principals: [],
    ttlMs: HOUR_MS,
  });
  assert.equal(parseCertificateLine(sshLine(blob)).keyId, "bot");
  assert.equal(parseCertificateLine(` ${sshLine(blob)} some comment\n`).keyId, "bot");
  const lying = sshLine(blob).replace("nistp256", "nistp384");
  assert.throws(() => parseCertificateLine(lying), /another type than its line says/);
  assert.throws(() => parseCertificateLine(""), ClusterError);
});
