import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  issueSshCertificate,
  refuseUser,
  type SshCertificateRequest,
  sshLine,
} from "./certificates.ts";
import { generateSshKey, publicKeyBlob } from "./keys.ts";

const HOUR_MS = 3_600_000;
const CA = generateSshKey("ed25519");
const KEY = generateSshKey("p256");

function userCertificate(changes: Partial<SshCertificateRequest> = {}, ca = CA) {
  return issueSshCertificate(ca, {
    kind: "user",
    key: KEY,
    keyId: "bot",
    principals: ["bot"],
    ttlMs: HOUR_MS,
    ...changes,
  });
}

Deno.test("refuseUser() admits only the principals of certificates by the CA", () => {
  const forged = userCertificate();
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
  assert.equal(refuseUser(userCertificate(), "bot", CA), undefined);
  for (
    const [blob, user, reason] of [
      [publicKeyBlob(KEY), "bot", "plain keys are refused"],
      [userCertificate({ kind: "host" }), "bot", "not a user's certificate"],
      [userCertificate({}, generateSshKey("ed25519")), "bot", "signed by another CA"],
      [forged, "bot", "wrong signature"],
      [userCertificate({ ttlMs: -HOUR_MS }), "bot", "expired"],
      [userCertificate(), "root", "not valid for this user"],
    ] as const
  ) assert.equal(refuseUser(blob, user, CA), reason);
});

const hasKeygen = spawnSync("ssh-keygen", ["-?"]).error === undefined;

Deno.test({
  name: "ssh-keygen reads the certificates of every type, whose signatures it checks",
  ignore: !hasKeygen,
  fn() {
    for (const type of ["rsa", "p256", "p384", "p521", "ed25519"] as const) {
      const key = generateSshKey(type);
      const request = { key, criticalOptions: { "source-address": "10.0.0.0/8" } };
      const input = sshLine(userCertificate(request, key));
      const { status, stdout, stderr } = spawnSync("ssh-keygen", ["-L", "-f", "-"], {
        input,
        encoding: "utf8",
      });
      assert.equal(status, 0, stderr);
      assert.match(stdout, /user certificate[^]*Key ID: "bot"[^]*source-address 10\.0\.0\.0\/8/);
    }
  },
});
