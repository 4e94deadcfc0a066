import assert from "node:assert/strict";
import fc from "fast-check";
import { formatAddress, isLoopback, parseHostPort } from "./address.ts";

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

Deno.test("parseHostPort() splits every usual form", () => {
  const cases: [string, string, number | undefined][] = [
    ["localhost:3025", "localhost", 3025],
    ["teleport.example.com", "teleport.example.com", undefined],
    ["10.0.0.1:443", "10.0.0.1", 443],
    ["[::1]:3025", "::1", 3025],
    [":8080", "", 8080],
    ["bücher.example:443", "bücher.example", 443],
  ];
  for (const [text, host, port] of cases) {
    assert.deepEqual(parseHostPort(text), { ok: true, host, port }, text);
  }
});

Deno.test("parseHostPort() reports what is wrong with an address", () => {
  const cases: [string, RegExp][] = [
    ["host:70000", /port must be between 1 and 65535, current value is '70000'/],
    ["host:", /port must be between 1 and 65535, current value is ''/],
    ["host:https", /current value is 'https'/],
    ["a:b:c", /must be host:port/],
    ["::1", /write an IPv6 address as \[::1\]:port/],
    ["::1:3025", /write an IPv6 address as \[::1\]:3025/],
    ["::1:18082", /write an IPv6 address as \[::1\]:18082/],
    ["[nonsense]:1", /'nonsense' is not an IPv6 address/],
    ["my host:1", /'my host' is not a host name/],
    ["host/path:1", /'host\/path' is not a host name/],
  ];
  for (const [text, error] of cases) {
    const result = parseHostPort(text);
    assert.ok(!result.ok, text);
    assert.match(result.error, error);
  }
});

Deno.test("formatAddress() undoes parseHostPort() for every IP address", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 1, max: 65535 }), (ip, port) => {
      assert.deepEqual(parseHostPort(formatAddress({ host: ip, port })), {
        ok: true,
        host: ip,
        port,
      });
    }),
  );
});
