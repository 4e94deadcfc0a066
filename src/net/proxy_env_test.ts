import assert from "node:assert/strict";
import { DialError } from "./dial_error.ts";
import { type Environment, proxyForAddress } from "./proxy_env.ts";

/** The proxy as `scheme host:port [authorization]`, "none" without one. */
function proxyOf(address: string, env: Environment): string {
  const [, host = "", port] = /^(.*):(\d+)$/.exec(address) ?? [];
  const proxy = proxyForAddress(host, Number(port), env);
  if (proxy === undefined) return "none";
  const parts = [proxy.secure ? "https" : "http", `${proxy.host}:${proxy.port}`];
  return [...parts, ...proxy.authorization === undefined ? [] : [proxy.authorization]].join(" ");
}

const P = "http://proxy.corp:3128";

Deno.test("proxyForAddress() reads the variables as Go does", () => {
  const rows: readonly (readonly [Environment, string])[] = [
    [{}, "none"],
    [{ HTTPS_PROXY: P }, "http proxy.corp:3128"],
    [{ https_proxy: P }, "http proxy.corp:3128"],
    [{ HTTPS_PROXY: "", https_proxy: P }, "http proxy.corp:3128"],
    [{ HTTPS_PROXY: "a:1", https_proxy: "b:1", HTTP_PROXY: "c:1" }, "http a:1"],
    [{ HTTP_PROXY: "c:1" }, "http c:1"],
    [{ HTTPS_PROXY: "http://proxy.corp" }, "http proxy.corp:80"],
    [{ HTTPS_PROXY: "https://proxy.corp" }, "https proxy.corp:443"],
    [{ HTTPS_PROXY: "http://[::2]:8080/" }, "http ::2:8080"],
    [{ HTTPS_PROXY: "http://me:s%40c@proxy.corp:1" }, `http proxy.corp:1 Basic ${btoa("me:s@c")}`],
  ];
  for (const [env, expected] of rows) {
    assert.equal(proxyOf("teleport.example.com:443", env), expected, JSON.stringify(env));
  }
});

Deno.test("proxyForAddress() excludes what NO_PROXY names, and this machine always", () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ["", "example.com:443", true],
    ["*", "example.com:443", false],
    ["example.com", "example.com:443", false],
    ["example.com", "EXAMPLE.com:443", false],
    ["example.com", "a.example.com:443", false],
    ["example.com", "badexample.com:443", true],
    [".example.com", "a.example.com:443", false],
    [".example.com", "example.com:443", true],
    ["*.example.com", "a.example.com:443", false],
    ["a.org, example.com ,b.org", "example.com:443", false],
    ["example.com:443", "example.com:443", false],
    ["example.com:3025", "example.com:443", true],
    ["10.0.0.5", "10.0.0.5:443", false],
    ["10.0.0.5", "10.0.0.50:443", true],
    ["10.0.0.5:80", "10.0.0.5:443", true],
    ["10.0.0.0/8", "10.9.8.7:443", false],
    ["10.0.0.0/8", "11.9.8.7:443", true],
    ["10.0.0.0/33", "10.9.8.7:443", true],
    ["10.0.0.0/8", "example.com:443", true],
    ["fd00::/8", "fd12::1:443", false],
    ["[fd12::1]:443", "fd12:0::1:443", false],
    ["fd12::1", "fd12:0::1:443", false],
    ["", "localhost:443", false],
    ["", "127.1.2.3:443", false],
    ["", "::1:443", false],
  ];
  for (const [list, address, proxied] of rows) {
    for (const name of ["NO_PROXY", "no_proxy"]) {
      const expected = proxied ? "http proxy.corp:3128" : "none";
      assert.equal(proxyOf(address, { HTTPS_PROXY: P, [name]: list }), expected, list + address);
    }
  }
});

Deno.test("proxyForAddress() refuses a URL that is not an HTTP proxy's, without its password", () => {
  for (const value of ["socks5://me:hunter2@proxy:1080", "http://me:hunter2@:bad"]) {
    assert.throws(() => proxyForAddress("example.com", 443, { HTTPS_PROXY: value }), (error) => {
      assert.ok(error instanceof DialError);
      assert.match(error.message, /^cannot use the proxy of HTTPS_PROXY: it/);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  }
});
