import assert from "node:assert/strict";
import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
// @ts-types="@types/ws"
import { WebSocketServer } from "ws";
import { openWebSocket } from "./websocket.ts";

Deno.test("openWebSocket() closes its stream when the proxy closes the WebSocket", async () => {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  try {
    server.on("connection", (websocket) => websocket.close());
    const { port } = server.address() as AddressInfo;
    const socket = net.connect(port, "127.0.0.1");
    const signal = new AbortController().signal;
    const address = { host: "127.0.0.1", port };
    const stream = await openWebSocket(socket, address, "alpn", 10_000, signal);
    stream.resume();
    await once(stream, "close");
    assert.equal(stream.destroyed, true);
    socket.destroy();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
