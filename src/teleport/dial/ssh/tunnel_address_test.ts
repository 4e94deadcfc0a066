import assert from "node:assert/strict";
import * as v from "valibot";
import { ProxySettings, tunnelAddress } from "./tunnel_address.ts";
import { formatAddress } from "../../../net/address.ts";

const DIALED = { host: "proxy.example.com", port: 3080 };

/** The tunnel for what a proxy says of itself: `host:port`, with `tls ` in front for TLS routing. */
function tunnel(
  ssh: Record<string, string>,
  tls = false,
  env: Record<string, string> = {},
): string {
  const settings = v.parse(ProxySettings, { proxy: { ssh, tls_routing_enabled: tls } });
  const found = tunnelAddress(settings, DIALED, env);
  return found === undefined ? "none" : (found.tls ? "tls " : "") + formatAddress(found.address);
}

Deno.test("tunnelAddress() follows Teleport's rules without TLS routing", () => {
  const rows: readonly (readonly [Record<string, string>, string])[] = [
    [{ ssh_tunnel_public_addr: "t.example.com:4024", public_addr: "p:443" }, "t.example.com:4024"],
    [{ ssh_tunnel_public_addr: "t.example.com" }, "t.example.com:3024"],
    [{ ssh_public_addr: "s:3023", public_addr: "p:443" }, "s:3024"],
    [{ public_addr: "p:443", tunnel_listen_addr: "0.0.0.0:4024" }, "p:4024"],
    [{ tunnel_listen_addr: "10.0.0.1:4024", web_listen_addr: "10.0.0.2:3080" }, "10.0.0.1:4024"],
    [{ tunnel_listen_addr: "0.0.0.0:4024" }, "proxy.example.com:4024"],
    [{ tunnel_listen_addr: "[::]:4024" }, "proxy.example.com:4024"],
    [{ web_listen_addr: "10.0.0.2:3080" }, "10.0.0.2:3024"],
    [{ ssh_tunnel_public_addr: "[2001:db8::1]:4024" }, "[2001:db8::1]:4024"],
    [{}, "none"],
  ];
  for (const [ssh, expected] of rows) assert.equal(tunnel(ssh), expected, JSON.stringify(ssh));
});

Deno.test("tunnelAddress() is the web port's with TLS routing", () => {
  const rows: readonly (readonly [Record<string, string>, string])[] = [
    [{ public_addr: "p.example.com", web_listen_addr: "0.0.0.0:3080" }, "tls p.example.com:3080"],
    [
      { public_addr: "p.example.com:443", web_listen_addr: "0.0.0.0:3080" },
      "tls p.example.com:443",
    ],
    [{ public_addr: "p.example.com" }, "tls p.example.com:443"],
    [{ web_listen_addr: "0.0.0.0:3080" }, "tls proxy.example.com:3080"],
    [{ ssh_tunnel_public_addr: "t:3024", public_addr: "p:443" }, "tls p:443"],
    [{}, "none"],
  ];
  for (const [ssh, expected] of rows) {
    assert.equal(tunnel(ssh, true), expected, JSON.stringify(ssh));
  }
});

Deno.test("tunnelAddress() prefers TELEPORT_TUNNEL_PUBLIC_ADDR", () => {
  const env = { TELEPORT_TUNNEL_PUBLIC_ADDR: "override:1234" };
  assert.equal(tunnel({ ssh_tunnel_public_addr: "t:3024" }, false, env), "override:1234");
  assert.equal(tunnel({}, true, env), "tls override:1234");
});

Deno.test("ProxySettings accepts answers of any version, and nothing else", () => {
  const of = (value: unknown) => v.safeParse(ProxySettings, value).success;
  assert.ok(of({ proxy: {} }));
  assert.ok(of({ proxy: { kube: { enabled: true }, ssh: { public_addr: 5 } }, auth: {} }));
  for (const value of [undefined, null, "x", {}, { proxy: "x" }]) assert.ok(!of(value));
});
