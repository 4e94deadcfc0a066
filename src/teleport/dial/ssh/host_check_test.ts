import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { generateSshKey, publicKeyBlob } from "../../../../sim/proxy/ssh/keys.ts";
import type { SshCertificate } from "./certificate.ts";
import { checkHostCertificate, type HostExpectation } from "./host_check.ts";
import { aCertificate, CA, HOUR_MS, keyOf, NOW_MS } from "./testing/ssh_certificates.ts";

const STRANGER = generateSshKey("ed25519");
const authority = (patterns: string, key = CA) => ({
  patterns: patterns.split(","),
  key: publicKeyBlob(key),
});
const EXPECTATION: HostExpectation = {
  host: "proxy.example.com",
  authorities: [authority("*.example.com")],
  nowMs: NOW_MS,
};

function reason(certificate: SshCertificate, changes: Partial<HostExpectation> = {}): string {
  const verdict = checkHostCertificate(certificate, { ...EXPECTATION, ...changes });
  return verdict.ok ? "accepted" : verdict.reason;
}

Deno.test("checkHostCertificate() accepts what the CA signed", () => {
  assert.equal(reason(aCertificate()), "accepted");
  assert.equal(reason(aCertificate({ principals: ["a", "b", "Proxy.Example.com"] })), "accepted");
  const rsa = { authorities: [authority("*", keyOf("rsa"))] };
  for (const signature of ["rsa-sha2-256", "rsa-sha2-512"] as const) {
    assert.equal(reason(aCertificate({ signature }, keyOf("rsa")), rsa), "accepted");
  }
});

const REFUSALS: readonly (readonly [string, string])[] = [
  [reason(aCertificate({ kind: "user" })), "is a user's certificate"],
  [
    reason(aCertificate({}, STRANGER)),
    "is not signed by a CA that the identity names: wrong address, or an identity signed " +
    "before a CA rotation",
  ],
  [
    reason(aCertificate({ signature: "ssh-rsa" }, keyOf("rsa")), {
      authorities: [authority("*", keyOf("rsa"))],
    }),
    "is signed by 'ssh-rsa', which is too weak",
  ],
  [
    reason(aCertificate({ notBeforeMs: Date.UTC(2100, 0) })),
    "is not valid before '2100-01-01T00:00:00.000Z'",
  ],
  [reason(aCertificate({ principals: [] })), "names no host"],
  [reason(aCertificate({ principals: ["*.example.com"] })), "is for '*.example.com' only"],
  [
    reason(aCertificate({ principals: [..."abcdefg"] })),
    "is for 'a', 'b', 'c', 'd', 'e' and 2 more only",
  ],
  [
    reason(aCertificate({ principals: ["proxy.example.com\0.evil"] })),
    "is for 'proxy.example.com?.evil' only",
  ],
  [
    reason(aCertificate({ criticalOptions: { "verify-required": "" } })),
    "has the unknown option 'verify-required'",
  ],
];

Deno.test("checkHostCertificate() refuses in one line that names the host", () => {
  for (const [said, expected] of REFUSALS) {
    assert.equal(said, `the SSH host certificate of 'proxy.example.com' ${expected}`);
  }
});

Deno.test("checkHostCertificate() refuses a signature that does not match", () => {
  const certificate = { ...aCertificate(), hasValidSignature: () => false };
  assert.match(reason(certificate), /'proxy\.example\.com' has a wrong signature$/);
});

Deno.test("checkHostCertificate() accepts a certificate from its first moment until its last", () => {
  const certificate = aCertificate({ ttlMs: HOUR_MS });
  const { notBeforeMs, notAfterMs } = certificate;
  assert.equal(reason(certificate, { nowMs: notBeforeMs }), "accepted");
  assert.match(reason(certificate, { nowMs: notBeforeMs - 1 }), /is not valid before/);
  assert.equal(reason(certificate, { nowMs: notAfterMs - 1 }), "accepted");
  assert.match(reason(certificate, { nowMs: notAfterMs }), /is not valid after '20/);
  assert.equal(reason({ ...certificate, notAfterMs: Infinity }), "accepted");
});

Deno.test("checkHostCertificate() does not let a trusted cluster sign for a host of this one", () => {
  const authorities = [authority("*.leaf.com"), authority("*.example.com", STRANGER)];
  assert.match(reason(aCertificate(), { authorities }), /is not signed by a CA/);
  assert.equal(reason(aCertificate({}, STRANGER), { authorities }), "accepted");
});

Deno.test("checkHostCertificate() refuses a CA whose key is only a prefix", () => {
  const key = Buffer.concat([publicKeyBlob(CA), Buffer.of(0)]);
  const authorities = [{ patterns: ["*"], key }];
  assert.match(reason(aCertificate(), { authorities }), /is not signed by a CA/);
});
