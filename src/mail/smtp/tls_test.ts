import assert from "node:assert/strict";
import type { SmtpOptions } from "./options.ts";
import { createTestAuthority } from "../testing/certificates.ts";
import { never, testMessage, testTransport } from "../testing/smtp_client.ts";
import { startSmtpServer } from "../testing/smtp_server.ts";
import type { Receipt } from "../transport.ts";

const authority = await createTestAuthority();
const otherAuthority = await createTestAuthority("Other CA");
const certificate = await authority.issue(["mail.test", "127.0.0.1"]);

const rootCas = () => Promise.resolve(authority.cert);
const STARTTLS = certificate;
const IMPLICIT = { ...certificate, secure: true };
const NO_TLS = { hideSTARTTLS: true, disabledCommands: ["STARTTLS"] };

async function attempt(
  serverOptions: Parameters<typeof startSmtpServer>[0],
  options: Partial<SmtpOptions>,
): Promise<{ receipt: Receipt; secure: boolean | undefined }> {
  await using server = await startSmtpServer(serverOptions);
  await using transport = testTransport(server.port, options);
  const receipt = await transport.send(testMessage(), never());
  return { receipt, secure: server.mails[0]?.secure };
}

function assertRefused(receipt: Receipt, category: string, words: RegExp): void {
  assert.ok(!receipt.ok, "accepted");
  assert.deepEqual([receipt.category, receipt.retry], [category, "transport"], receipt.error);
  assert.match(receipt.error, words);
  assert.match(receipt.error, /^Cannot connect to SMTP server 'mail\.test:\d+'/);
}

Deno.test("send() uses STARTTLS as its policy demands", async () => {
  const cases = [
    { starttlsPolicy: "mandatory", server: STARTTLS, secure: true },
    { starttlsPolicy: "opportunistic", server: STARTTLS, secure: true },
    { starttlsPolicy: "opportunistic", server: NO_TLS, secure: false },
    { starttlsPolicy: "disabled", server: STARTTLS, secure: false },
  ] as const;
  for (const { starttlsPolicy, server, secure: expected } of cases) {
    const { receipt, secure } = await attempt({
      ...server,
      disabledCommands: [
        ...("disabledCommands" in server ? server.disabledCommands : []),
      ],
    }, { starttlsPolicy, rootCas });
    assert.ok(receipt.ok, `${starttlsPolicy}: ${JSON.stringify(receipt)}`);
    assert.equal(secure, expected, starttlsPolicy);
  }
});

Deno.test("send() with policy mandatory refuses a server without STARTTLS", async () => {
  const { receipt } = await attempt(NO_TLS, { starttlsPolicy: "mandatory", rootCas });
  assertRefused(receipt, "tls", /during STARTTLS/);
});

Deno.test("send() with policy opportunistic never continues in clear text after a failed handshake", async () => {
  const { receipt, secure } = await attempt(STARTTLS, { starttlsPolicy: "opportunistic" });
  assertRefused(receipt, "tls", /certificate|issuer/i);
  assert.equal(secure, undefined);
});

Deno.test("send() uses TLS from the first byte", async () => {
  const { receipt, secure } = await attempt(IMPLICIT, { implicitTls: true, rootCas });
  assert.ok(receipt.ok, JSON.stringify(receipt));
  assert.equal(secure, true);
});

Deno.test("send() refuses certificates that are not for the server or not of the CA", async () => {
  const wrongCa = () => Promise.resolve(otherAuthority.cert);
  for (
    const [server, how] of [
      [STARTTLS, { starttlsPolicy: "mandatory" }],
      [IMPLICIT, { implicitTls: true }],
    ] as const
  ) {
    for (
      const options of [
        {},
        { rootCas: wrongCa },
        { rootCas, serverName: "other.test" },
        { rootCas: () => Promise.resolve("no PEM at all") },
      ]
    ) {
      const { receipt, secure } = await attempt(server, { ...how, ...options });
      assertRefused(receipt, "tls", /certificate|issuer|altname|CA|PEM/i);
      assert.equal(secure, undefined);
    }
  }
});

Deno.test("send() verifies the certificate for serverName if it is set", async () => {
  const options = { starttlsPolicy: "mandatory", rootCas } as const;
  const other = await authority.issue(["other.test"]);
  const named = await attempt(other, { ...options, serverName: "other.test" });
  assert.ok(named.receipt.ok, JSON.stringify(named.receipt));
  const address = await attempt(STARTTLS, { ...options, host: "127.0.0.1" });
  assert.ok(address.receipt.ok, JSON.stringify(address.receipt));
});

Deno.test("send() accepts any certificate with insecureSkipVerify", async () => {
  for (
    const [server, how] of [
      [STARTTLS, { starttlsPolicy: "mandatory" }],
      [IMPLICIT, { implicitTls: true }],
    ] as const
  ) {
    const { receipt, secure } = await attempt(server, { ...how, insecureSkipVerify: true });
    assert.ok(receipt.ok, JSON.stringify(receipt));
    assert.equal(secure, true);
  }
});

Deno.test("send() presents its client certificate", async () => {
  const client = await authority.issue(["teleport-email"]);
  const server = { ...IMPLICIT, requestCert: true, rejectUnauthorized: true, ca: [authority.cert] };
  const clientCertificate = {
    crt: () => Promise.resolve(client.cert),
    key: () => Promise.resolve(client.key),
  };
  const accepted = await attempt(server, { implicitTls: true, rootCas, clientCertificate });
  assert.ok(accepted.receipt.ok, JSON.stringify(accepted.receipt));
  const refused = await attempt(server, { implicitTls: true, rootCas });
  assert.ok(!refused.receipt.ok);
  assert.equal(refused.receipt.retry, "transport");
});

Deno.test("send() uses a renewed CA file without a restart", async () => {
  let pem = otherAuthority.cert;
  await using server = await startSmtpServer(STARTTLS);
  await using transport = testTransport(server.port, {
    starttlsPolicy: "mandatory",
    rootCas: () => Promise.resolve(pem),
  });
  assert.equal((await transport.send(testMessage(), never())).ok, false);
  pem = authority.cert;
  assert.equal((await transport.send(testMessage(), never())).ok, true);
});
