import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import net, { type AddressInfo } from "node:net";
import tls from "node:tls";
import { parseClientHello } from "./client_hello.ts";

/** What Deno's own TLS client sends. */
async function captureHello(servername: string, ALPNProtocols: string[]): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (bytes: Buffer) => {
      resolve(bytes);
      socket.destroy();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const client = tls.connect({ host: "127.0.0.1", port, servername, ALPNProtocols });
  const closed = new Promise<void>((done) => client.on("close", () => done()));
  client.on("error", () => {});
  const bytes = await promise;
  await closed;
  await new Promise<void>((done) => server.close(() => done()));
  return bytes;
}

Deno.test("parseClientHello() reads SNI and ALPN in the client's order", async () => {
  const bytes = await captureHello("teleport.cluster.local", ["teleport-auth@78", "h2"]);
  assert.deepEqual(parseClientHello(bytes), {
    kind: "hello",
    hello: { serverName: "teleport.cluster.local", alpn: ["teleport-auth@78", "h2"] },
  });
});

Deno.test("parseClientHello() asks for more until the last byte is there", async () => {
  const bytes = await captureHello("localhost", ["h2"]);
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(parseClientHello(bytes.subarray(0, length)).kind, "more");
  }
});

Deno.test("parseClientHello() puts a message together that is spread over records", async () => {
  const bytes = await captureHello("localhost", ["h2"]);
  const body = bytes.subarray(5);
  const record = (part: Buffer) =>
    Buffer.concat([Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part]);
  const spread = Buffer.concat([record(body.subarray(0, 3)), record(body.subarray(3))]);
  assert.deepEqual(parseClientHello(spread), parseClientHello(bytes));
});

Deno.test("parseClientHello() refuses what is not a ClientHello", () => {
  assert.equal(parseClientHello(Buffer.from("SSH-2.0-Go\r\n")).kind, "bad");
  assert.equal(parseClientHello(Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0])).kind, "bad");
  assert.equal(parseClientHello(Buffer.from([22, 3, 1, 0, 4, 1, 255, 0, 0])).kind, "bad");
});

Deno.test("parseClientHello() survives every single damaged byte", async () => {
  const bytes = await captureHello("localhost", ["h2"]);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at] = 255;
    assert.ok(["hello", "more", "bad"].includes(parseClientHello(damaged).kind));
  }
});
