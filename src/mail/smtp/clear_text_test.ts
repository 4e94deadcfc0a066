import assert from "node:assert/strict";
import type net from "node:net";
import { ClearTextError, mustHideCredentials, refuseClearCredentials } from "./clear_text.ts";

Deno.test("mustHideCredentials() only for logins over links that may be unencrypted by accident", () => {
  const base = { host: "mail", auth: {}, starttlsPolicy: "opportunistic", implicitTls: false };
  const cases: readonly [Partial<typeof base>, boolean][] = [
    [{}, true],
    [{ host: "localhost.example.com" }, true],
    [{ host: "localhost" }, false],
    [{ host: "127.0.0.1" }, false],
    [{ host: "::1" }, false],
    [{ implicitTls: true }, false],
    [{ starttlsPolicy: "mandatory" }, false],
    [{ starttlsPolicy: "disabled" }, false],
  ];
  for (const [changes, expected] of cases) {
    assert.equal(mustHideCredentials({ ...base, ...changes }), expected, JSON.stringify(changes));
  }
  const { auth: _, ...withoutLogin } = base;
  assert.equal(mustHideCredentials(withoutLogin), false);
});

Deno.test("refuseClearCredentials() destroys a connection on which a login would go in the clear", () => {
  const written: string[] = [];
  const faults: unknown[] = [];
  const socket = {
    write: (text: string) => written.push(text) > 0,
    destroy: (error: unknown) => faults.push(error),
  };
  refuseClearCredentials(socket as unknown as net.Socket);
  assert.equal(socket.write("EHLO example.org\r\n"), true);
  assert.equal(socket.write("\x16\x03\x01 TLS"), true);
  assert.equal(faults.length, 0);
  assert.equal(socket.write("auth plain AGFsaWNl\r\n"), false);
  assert.ok(faults[0] instanceof ClearTextError);
  assert.equal(written.length, 2);
});
