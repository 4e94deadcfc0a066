import assert from "node:assert/strict";
import type { SMTPServerOptions } from "smtp-server";
import { REMEDIES } from "./remedies.ts";
import type { SmtpOptions } from "./options.ts";
import { createTestAuthority } from "../testing/certificates.ts";
import { never, testMessage, testTransport } from "../testing/smtp_client.ts";
import { startSmtpServer } from "../testing/smtp_server.ts";

const authority = await createTestAuthority();
const certificate = await authority.issue(["mail.test"]);

/** Knows `alice` with this password, by every method. */
function loginServer(password: () => string, options: SMTPServerOptions = {}) {
  return startSmtpServer({
    authOptional: false,
    allowInsecureAuth: true,
    authMethods: ["PLAIN", "LOGIN", "CRAM-MD5"],
    hideSTARTTLS: true,
    onAuth(auth, _session, done) {
      const matches = auth.method === "CRAM-MD5"
        ? auth.validatePassword(password())
        : auth.password === password();
      if (auth.username === "alice" && matches) done(null, { user: "alice" });
      else done(Object.assign(new Error(`no, ${auth.password}`), { responseCode: 535 }));
    },
    ...options,
  });
}

function login(
  password: string,
  method?: "plain" | "login" | "cram-md5",
): SmtpOptions["auth"] & object {
  const base = { username: "alice", password: () => Promise.resolve(password) };
  return method ? { ...base, method } : base;
}

Deno.test("send() logs in by every method, with TLS and in the clear if that is the policy", async () => {
  for (const method of [undefined, "plain", "login", "cram-md5"] as const) {
    for (const starttlsPolicy of ["disabled", "mandatory"] as const) {
      await using server = await loginServer(() => "hunter2", {
        ...certificate,
        hideSTARTTLS: false,
      });
      await using transport = testTransport(server.port, {
        starttlsPolicy,
        rootCas: () => Promise.resolve(authority.cert),
        auth: login("hunter2", method),
      });
      const receipt = await transport.send(testMessage(), never());
      assert.ok(receipt.ok, JSON.stringify(receipt));
      assert.equal(server.mails[0]?.user, "alice");
      assert.equal(server.mails[0]?.secure, starttlsPolicy === "mandatory");
    }
  }
});

Deno.test("send() and verify() report a bad password without showing it", async () => {
  await using server = await loginServer(() => "right");
  await using transport = testTransport(server.port, { auth: login("wr0ng-pass") });
  for (
    const receipt of [
      await transport.send(testMessage(), never()),
      await transport.verify?.(never()),
    ]
  ) {
    assert.ok(receipt && !receipt.ok);
    assert.deepEqual([receipt.category, receipt.retry], ["authentication", "transport"]);
    assert.match(
      receipt.error,
      /^Cannot log in to SMTP server 'mail\.test:\d+' during AUTH PLAIN: 535 no, \*\*\*$/,
    );
  }
});

Deno.test("send() reads the password again when it has changed", async () => {
  let known = "old";
  let configured = "old";
  await using server = await loginServer(() => known);
  await using transport = testTransport(server.port, {
    auth: { username: "alice", password: () => Promise.resolve(configured) },
  });
  assert.equal((await transport.send(testMessage(), never())).ok, true);
  known = "new";
  configured = "new";
  assert.equal((await transport.send(testMessage(), never())).ok, true);
  assert.equal(server.connections, 2);
});

Deno.test("send() reads the password once for mails that are sent together", async () => {
  await using server = await loginServer(() => "1");
  let reads = 0;
  const password = () => Promise.resolve(String(++reads));
  const options = { auth: { username: "alice", password } };
  await using transport = testTransport(server.port, options, { secretsMs: 3_600_000 });
  const receipts = await Promise.all(
    Array.from({ length: 5 }, () => transport.send(testMessage(), never())),
  );
  assert.ok(receipts.every(({ ok }) => ok));
  assert.equal(reads, 1);
});

Deno.test("send() finishes mails in flight when the password changes", async () => {
  let configured = "old";
  await using server = await loginServer(() => configured);
  await using transport = testTransport(server.port, {
    auth: { username: "alice", password: () => Promise.resolve(configured) },
    maxConnections: 1,
  });
  const first = Array.from({ length: 5 }, () => transport.send(testMessage(), never()));
  const old = await first[0];
  configured = "new";
  const later = await transport.send(testMessage(), never());
  assert.ok(old?.ok && later.ok);
  assert.ok((await Promise.all(first)).every((receipt) => receipt.ok));
});

Deno.test("send() reports a password file that cannot be read", async () => {
  await using transport = testTransport(1, {
    auth: { username: "alice", password: () => Promise.reject(new Error("no such file")) },
  });
  assert.deepEqual(await transport.send(testMessage(), never()), {
    ok: false,
    category: "configuration",
    retry: "transport",
    error: "Cannot read the SMTP password: no such file",
    remedy: REMEDIES.configuration,
  });
});

Deno.test("send() with policy opportunistic keeps credentials off an unencrypted link", async () => {
  await using server = await loginServer(() => "hunter2");
  const options = { starttlsPolicy: "opportunistic", auth: login("hunter2") } as const;
  await using remote = testTransport(server.port, options);
  for (
    const receipt of [await remote.send(testMessage(), never()), await remote.verify?.(never())]
  ) {
    assert.ok(receipt && !receipt.ok);
    assert.deepEqual([receipt.category, receipt.retry], ["tls", "transport"]);
    assert.match(receipt.error, /the server offers no encryption/);
  }
  await using local = testTransport(server.port, { ...options, host: "localhost" });
  assert.equal((await local.send(testMessage(), never())).ok, true);
});

Deno.test("send() distinguishes a server that requires a login from a refused email", async () => {
  await using server = await loginServer(() => "hunter2");
  await using transport = testTransport(server.port);
  const receipt = await transport.send(testMessage(), never());
  assert.ok(!receipt.ok);
  assert.deepEqual([receipt.category, receipt.retry], ["authentication", "transport"]);
  assert.match(receipt.error, /during MAIL FROM: 530/);
});
