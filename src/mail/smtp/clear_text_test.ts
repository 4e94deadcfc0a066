import assert from "node:assert/strict";
import { mustHideCredentials } from "./clear_text.ts";

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
