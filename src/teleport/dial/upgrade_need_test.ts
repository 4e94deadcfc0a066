import assert from "node:assert/strict";
import tls from "node:tls";
import { issueWebServer } from "../../../sim/pki/identity.ts";
import { TcpListener } from "../../../sim/proxy/tcp_listener.ts";
import { systemClock } from "../../clock.ts";
import { lookupAll } from "../../net/dial.ts";
import type { DialContext } from "./method.ts";
import { pki, someCredentials } from "./testing/tunnel.ts";
import { needsUpgrade, REVERSE_TUNNEL } from "./upgrade_need.ts";

/** Whether a web server with these ALPN protocols needs an upgrade. */
async function isNeededAt(protocols: readonly string[] | undefined): Promise<boolean> {
  const { certPem: cert, keyPem: key } = await issueWebServer(pki);
  const options = protocols === undefined ? {} : { ALPNProtocols: [...protocols] };
  await using listener = new TcpListener(tls.createServer({ cert, key, ...options }));
  await listener.start();
  const address = { host: "localhost", port: listener.port };
  const context: DialContext = {
    address,
    credentials: await someCredentials(),
    env: {},
    webRoots: () => Promise.resolve([pki.webCa.certPem]),
    lookup: lookupAll,
    now: systemClock.now,
    stepTimeoutMs: 10_000,
  };
  return await needsUpgrade(address, context, new AbortController().signal);
}

Deno.test("needsUpgrade() is true where the server selects no protocol, or refuses all that are offered", async () => {
  assert.equal(await isNeededAt([REVERSE_TUNNEL, "h2"]), false);
  assert.equal(await isNeededAt(undefined), true);
  // Such a server ends the handshake with the alert no_application_protocol (RFC 7301 §3.2).
  assert.equal(await isNeededAt(["http/1.1"]), true);
});
