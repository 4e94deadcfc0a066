import assert from "node:assert/strict";
import https from "node:https";
import type { ServerResponse } from "node:http";
import { issueWebServer } from "../../../sim/pki/identity.ts";
import { TcpListener } from "../../../sim/proxy/tcp_listener.ts";
import { systemClock } from "../../clock.ts";
import { lookupAll } from "../../net/dial.ts";
import { ClusterError } from "../errors.ts";
import { findProxy } from "./find.ts";
import { type DialContext, MethodNotApplicable } from "./method.ts";
import { pki, someCredentials } from "./testing/tunnel.ts";

const never = new AbortController().signal;
const { certPem: cert, keyPem: key } = await issueWebServer(pki);
const credentials = await someCredentials();

/** Asks a web server that answers like this. */
async function find(
  answer: (response: ServerResponse) => void,
  { stepTimeoutMs = 30_000, signal = never }: {
    readonly stepTimeoutMs?: number;
    readonly signal?: AbortSignal;
  } = {},
) {
  await using listener = new TcpListener(
    https.createServer({ cert, key }, (_request, response) => {
      response.on("error", () => {});
      answer(response);
    }),
  );
  await listener.start();
  const context: DialContext = {
    address: { host: "127.0.0.1", port: listener.port },
    credentials,
    env: {},
    webRoots: () => Promise.resolve([pki.webCa.certPem]),
    lookup: lookupAll,
    now: systemClock.now,
    stepTimeoutMs,
  };
  return await findProxy(context.address, context, signal).catch((error: unknown) => {
    assert.ok(error instanceof ClusterError, String(error));
    return error;
  });
}

async function failure(...args: Parameters<typeof find>): Promise<ClusterError> {
  const result = await find(...args);
  assert.ok(result instanceof ClusterError, "it was understood");
  return result;
}

Deno.test("findProxy() reads what a proxy says, whatever the HTTP status is", async () => {
  const settings = { proxy: { ssh: { public_addr: "a:1" }, tls_routing_enabled: true } };
  for (const status of [200, 404]) {
    const found = await find((response) =>
      response.writeHead(status).end(JSON.stringify(settings))
    );
    assert.ok(!(found instanceof ClusterError));
    assert.equal(found.proxy.ssh.public_addr, "a:1");
  }
});

Deno.test("findProxy() takes no answer of another web server for a proxy's", async () => {
  for (const body of ["", "<html>", "null", "[]", "1", '"text"', '{"proxy":1}']) {
    const error = await failure((response) => response.end(body));
    assert.ok(error instanceof MethodNotApplicable, body);
    assert.match(error.message, /^the web server at '127\.0\.0\.1:\d+' is no/);
  }
});

Deno.test("findProxy() does not read an answer without an end", async () => {
  let sent = 0;
  const error = await failure((response) => {
    const chunk = "x".repeat(64 * 1024);
    const pour = () => {
      while (!response.destroyed) {
        sent += chunk.length;
        if (!response.write(chunk)) return void response.once("drain", pour);
      }
    };
    pour();
  });
  assert.match(error.message, /^\/webapi\/find of the proxy failed: the answer is too long$/);
  // What was read, and what lies in buffers on the way.
  assert.ok(sent < 16 * 1024 * 1024, `${sent} bytes`);
});

Deno.test("findProxy() bounds the time of the whole answer", async () => {
  const timers = new Set<ReturnType<typeof setInterval>>();
  for (
    const answer of [
      () => {},
      (response: ServerResponse) => {
        timers.add(setInterval(() => response.write(" "), 10));
      },
    ]
  ) {
    const error = await failure(answer, { stepTimeoutMs: 1000 });
    assert.match(error.message, /^\/webapi\/find of the proxy failed: timed out$/);
    assert.equal(error.kind, "unavailable");
  }
  for (const timer of timers) clearInterval(timer);
});

Deno.test("findProxy() ends with the caller, and when the server breaks the connection", async () => {
  const stop = new AbortController();
  await failure(() => stop.abort(), { signal: stop.signal });
  const broken = await failure((response) => {
    response.writeHead(200, { "content-length": 100 });
    response.write("{", () => response.socket?.destroy());
  });
  assert.match(broken.message, /^\/webapi\/find of the proxy failed: /);
});
