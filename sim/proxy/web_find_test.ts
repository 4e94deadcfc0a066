import assert from "node:assert/strict";
import { WebFind } from "./web_find.ts";

function proxyPart(find: WebFind) {
  const about = { clusterName: "sim.example.com", serverVersion: "17.4.8" };
  return find.answer(about, { web: 3080, tunnel: 3024 })["proxy"];
}

Deno.test("WebFind.answer() names the web port for everything in multiplex mode", () => {
  assert.deepEqual(proxyPart(new WebFind()), {
    ssh: {
      listen_addr: "0.0.0.0:3080",
      tunnel_listen_addr: "0.0.0.0:3080",
      web_listen_addr: "0.0.0.0:3080",
      public_addr: "127.0.0.1:3080",
    },
    tls_routing_enabled: true,
  });
});

Deno.test("WebFind.answer() names the tunnel port in separate mode", () => {
  const find = new WebFind();
  find.listenerMode = "separate";
  assert.deepEqual(proxyPart(find), {
    ssh: {
      listen_addr: "0.0.0.0:3023",
      tunnel_listen_addr: "0.0.0.0:3024",
      web_listen_addr: "0.0.0.0:3080",
      public_addr: "127.0.0.1:3080",
    },
    tls_routing_enabled: false,
  });
});

Deno.test("WebFind.answer() prefers set values to the ones of the mode", () => {
  const find = new WebFind();
  find.tlsRoutingEnabled = false;
  find.publicAddr = "proxy.example.com:443";
  find.ssh = { listen_addr: undefined, ssh_tunnel_public_addr: "tunnel.example.com:3024" };
  assert.equal(
    JSON.stringify(proxyPart(find)),
    JSON.stringify({
      ssh: {
        tunnel_listen_addr: "0.0.0.0:3080",
        web_listen_addr: "0.0.0.0:3080",
        public_addr: "proxy.example.com:443",
        ssh_tunnel_public_addr: "tunnel.example.com:3024",
      },
      tls_routing_enabled: false,
    }),
  );
});
