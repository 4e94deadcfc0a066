import assert from "node:assert/strict";
import { explainTlsError } from "./handshake_error.ts";
import { alertName, type TlsFault, tlsFault } from "./tls_fault.ts";

const CASES: readonly (readonly [string, TlsFault])[] = [
  ["unable to verify the first certificate", "untrusted"],
  ["self-signed certificate in certificate chain", "untrusted"],
  ["invalid peer certificate: UnknownIssuer", "untrusted"],
  ["Hostname/IP does not match certificate's altnames: Host: x", "name"],
  ["certificate has expired", "expired"],
  ["received corrupt message of type InvalidContentType", "not tls"],
  ["received fatal alert: NoApplicationProtocol", "no protocol"],
  ["received fatal alert: BadCertificate", "refused"],
  ["received fatal alert: CertificateExpired", "refused"],
  ["received fatal alert: UnknownCA", "refused"],
  ["read ECONNRESET", "closed"],
  ["something new", "other"],
];

Deno.test("tlsFault() classifies the errors of Deno's TLS", () => {
  for (const [message, fault] of CASES) assert.equal(tlsFault(new Error(message)), fault, message);
});

Deno.test("alertName() names an alert", () => {
  assert.equal(alertName(new Error("received fatal alert: BadCertificate")), "bad certificate");
  assert.equal(alertName(new Error("received fatal alert: UnknownCA")), "unknown CA");
  assert.equal(alertName(new Error("reset")), undefined);
});

Deno.test("explainTlsError() has a message for each fault", () => {
  const credentials = {
    keyPem: "",
    certPem: "",
    caPems: [],
    subject: "access-email",
    cluster: "example.com",
    notBeforeMs: 0,
    notAfterMs: 0,
  };
  const lines = new Map(
    CASES.map(([message, fault]) => [fault, explainTlsError(new Error(message), credentials)]),
  );
  const messages = [...lines.values()].map(({ message }) => message);
  assert.equal(new Set(messages).size, lines.size);
  for (const message of messages) {
    assert.ok(!message.includes("\n") && message.length > 20, message);
  }
  const refused = lines.get("refused");
  assert.equal(refused?.kind, "credentials");
  assert.match(refused?.message ?? "", /certificate of 'access-email' \(TLS alert 'unknown CA'\)/);
});
