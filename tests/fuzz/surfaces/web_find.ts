/** What a web server answers to `/webapi/find`. */

import tls from "node:tls";
import { issueWebServer } from "../../../sim/pki/identity.ts";
import { TcpListener } from "../../../sim/proxy/tcp_listener.ts";
import { WebFind } from "../../../sim/proxy/web_find.ts";
import { systemClock } from "../../../src/clock.ts";
import { lookupAll } from "../../../src/net/dial.ts";
import { findProxy } from "../../../src/teleport/dial/find.ts";
import { tunnelAddress } from "../../../src/teleport/dial/ssh/tunnel_address.ts";
import { pki, someCredentials } from "../../../src/teleport/dial/testing/tunnel.ts";
import { ClusterError } from "../../../src/teleport/errors.ts";
import { Random } from "../../simulation/random.ts";
import { distort, distortText } from "../distortion.ts";
import type { Surface } from "../surface.ts";

const BODY = JSON.stringify(
  new WebFind().answer({ clusterName: "example.com", serverVersion: "17.4.8" }, {
    web: 443,
    tunnel: 3024,
  }),
);

/** An answer in HTTP/1.1 that has a fault in its head, its body, or both. */
function answer(random: Random): Uint8Array {
  const body = random.chance(0.7) ? distortText(random, BODY) : BODY;
  const length = random.pick([`content-length: ${body.length}`, "", "transfer-encoding: chunked"]);
  const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const status = random.pick(["200 OK", "200 OK", "404 Not Found", "302 Found", "100 Continue"]);
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${length}\r\n\r\n`;
  const text = new TextEncoder().encode(head + (length.startsWith("tr") ? chunk : body));
  return random.chance(0.6) ? distort(random, text) : text;
}

export const webFind: Surface = {
  name: "/webapi/find",
  open: async () => {
    const { certPem: cert, keyPem: key } = await issueWebServer(pki);
    let random = new Random(0);
    const listener = new TcpListener(tls.createServer({ cert, key }, (socket) => {
      const drawn = random.fork();
      socket.on("error", () => {});
      socket.once("data", () => {
        socket.write(answer(drawn));
        if (drawn.chance(0.9)) socket.end();
      });
    }));
    await listener.start();
    const address = { host: "127.0.0.1", port: listener.port };
    const context = {
      address,
      credentials: await someCredentials(),
      env: {},
      webRoots: () => Promise.resolve([pki.webCa.certPem]),
      lookup: lookupAll,
      now: systemClock.now,
      stepTimeoutMs: 400,
    };
    return {
      feed: async (drawn) => {
        random = drawn;
        try {
          tunnelAddress(
            await findProxy(address, context, new AbortController().signal),
            address,
            {},
          );
          return "ok";
        } catch (error) {
          if (error instanceof ClusterError) return error.message;
          throw error;
        }
      },
      [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
    };
  },
};
