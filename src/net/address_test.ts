import assert from "node:assert/strict";
import { isLoopback } from "./address.ts";

Deno.test("isLoopback() knows the names and addresses that cannot leave this machine", () => {
  for (const host of ["localhost", "LOCALHOST.", "mail.localhost", "127.0.0.1", "127.9.8.7"]) {
    assert.ok(isLoopback(host), host);
  }
  for (const host of ["::1", "[::1]", "::ffff:127.0.0.1"]) assert.ok(isLoopback(host), host);
  const others = [
    "mail.example.com",
    "localhost.example.com",
    "notlocalhost",
    "10.0.0.1",
    "::2",
    "",
  ];
  for (const host of others) assert.ok(!isLoopback(host), host);
  assert.ok(!isLoopback("127.example.com"));
});
