import assert from "node:assert/strict";
import fc from "fast-check";
import { parseIdentityFile } from "./identity_file.ts";
import { ClusterError } from "./errors.ts";

const pem = (label: string, body: string) =>
  `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
const KEY = pem("RSA PRIVATE KEY", "key");
const CERT = pem("CERTIFICATE", "cert");
const CA = pem("CERTIFICATE", "ca");
const SSH = "ssh-rsa-cert-v01@openssh.com AAAA access-email\n";
const AUTHORITY = "@cert-authority *.example.com ssh-rsa AAAA type=host\n";

Deno.test("parseIdentityFile() reads all five parts, by position", () => {
  assert.deepEqual(parseIdentityFile(KEY + SSH + CERT + AUTHORITY + CA + CA), {
    keyPem: KEY,
    certPem: CERT,
    caPems: [CA, CA],
    sshCertificate: SSH.trim(),
    sshAuthorities: [AUTHORITY.trim()],
  });
});

Deno.test("parseIdentityFile() needs no SSH part, and ignores other lines and line ends", () => {
  const text = `# a comment\n${KEY}\nnoise\n${CERT}${CA}`.replaceAll("\n", "\r\n");
  const { keyPem, certPem, sshCertificate } = parseIdentityFile(text);
  assert.deepEqual([keyPem, certPem, sshCertificate], [KEY, CERT, undefined]);
});

Deno.test("parseIdentityFile() names the missing part", () => {
  const cases: [string, string][] = [
    ["", "the file is empty"],
    [" \n", "the file is empty"],
    ["hello", "it contains no PEM block"],
    [KEY, "it contains no TLS certificate"],
    [KEY + CERT, "it contains no CA of the cluster"],
    [(KEY + SSH + CERT + CA).slice(0, -40), "invalid PEM block (fragment)"],
  ];
  for (const [text, cause] of cases) {
    assert.throws(() => parseIdentityFile(text), {
      name: "ClusterError",
      message: `identity file could not be decoded: ${cause}`,
    });
  }
});

Deno.test("parseIdentityFile() reads any text, or refuses it with an error of ours", () => {
  const part = fc.constantFrom(KEY, CERT, CA, SSH, AUTHORITY, "-----BEGIN X-----\n", "\n", "noise");
  fc.assert(fc.property(fc.array(fc.oneof(part, fc.string())), (parts) => {
    try {
      const { keyPem, caPems } = parseIdentityFile(parts.join(""));
      assert.ok(keyPem.startsWith("-----BEGIN") && caPems.length > 0);
    } catch (error) {
      assert.ok(error instanceof ClusterError && error.kind === "credentials");
    }
  }));
});
