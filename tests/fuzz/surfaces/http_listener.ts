/** What clients send to `http.listen`, and how they leave. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import net from "node:net";
import { systemClock } from "../../../src/clock.ts";
import { type Pages, serveHttp } from "../../../src/ops/http.ts";
import type { Random } from "../../simulation/random.ts";
import { distort } from "../distortion.ts";
import type { Surface } from "../surface.ts";

const PAGES: Pages = {
  "/healthz": { make: () => ({ body: "ok\n" }) },
  "/metrics": { make: () => Promise.resolve({ body: "x 1\n".repeat(5000) }) },
  "/status": { make: () => ({ contentType: "application/json", body: "{}" }), isLocal: true },
  "/broken": { make: () => Promise.reject(new Error("out of order")) },
};

/** How long a client waits before it leaves. */
const PATIENCE_MS = 50;

function request(random: Random): Uint8Array {
  const rarely = <T>(usual: T, others: readonly [T, ...T[]]) =>
    random.chance(0.6) ? usual : random.pick(others);
  const method = rarely("GET", ["HEAD", "POST", "CONNECT", "get", "OPTIONS"]);
  const path = rarely("/healthz", ["/metrics", "/status", "/broken", "/", "*", "http://x/"]);
  const headers = rarely("host: localhost\r\n", [
    "host: a\r\nhost: b\r\n",
    "content-length: -1\r\n",
    "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
    `x: ${"y".repeat(random.int(0, 20_000))}\r\n`,
    "x: y\r\n".repeat(random.int(0, 5000)),
    "upgrade: h2c\r\nconnection: upgrade\r\n",
    "",
  ]);
  const version = rarely("1.1", ["1.0", "0.9", "2.0"]);
  const one = `${method} ${path} HTTP/${version}\r\n${headers}\r\n`;
  const text = Buffer.from(random.chance(0.1) ? one.repeat(random.int(1, 100)) : one);
  return random.chance(0.5) ? distort(random, text) : text;
}

/** Sends bytes in pieces; resolves with the status line that comes, if one does. */
async function send(port: number, random: Random): Promise<string> {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const socket = net.connect({ host: "127.0.0.1", port });
  let received = "";
  socket.on("error", () => {}).on("close", () => resolve());
  if (random.chance(0.9)) socket.on("data", (piece) => received += piece);
  const bytes = request(random);
  const at = random.int(0, bytes.length);
  socket.write(bytes.subarray(0, at));
  socket.write(bytes.subarray(at));
  if (random.chance(0.2)) socket.end();
  const timer = setTimeout(() => {
    if (random.chance(0.5)) socket.destroy();
    else socket.resetAndDestroy();
  }, random.chance(0.2) ? random.int(0, 5) : PATIENCE_MS);
  await closed;
  clearTimeout(timer);
  const [line = ""] = received.split("\r\n");
  if (line !== "") assert.match(line, /^HTTP\/1\.1 \d{3} [A-Z][A-Za-z ]+$/);
  return line === "" ? "no answer" : /^HTTP\/1\.1 2/.test(line) ? "ok" : line;
}

export const httpListener: Surface = {
  name: "HTTP listener",
  open: async () => {
    const server = await serveHttp({ host: "127.0.0.1", port: 0 }, PAGES, systemClock);
    return {
      feed: async (random) => {
        const outcome = await send(server.port, random);
        if (random.chance(0.02)) {
          const response = await fetch(`http://127.0.0.1:${server.port}/healthz`);
          assert.equal(await response.text(), "ok\n", "other clients are served");
        }
        return outcome;
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};
