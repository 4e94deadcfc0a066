import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { startCable } from "./cable.ts";
import { dial } from "./splice.ts";
import { TcpListener } from "./tcp_listener.ts";
import { until } from "../testing/test_clients.ts";

async function startEcho(): Promise<TcpListener> {
  const echo = new TcpListener(net.createServer((socket) => void socket.pipe(socket)));
  await echo.start();
  return echo;
}

Deno.test("Cable carries bytes, loses them on demand, and breaks", async () => {
  await using echo = await startEcho();
  await using cable = await startCable(echo.address);
  const client = dial(cable.address);
  client.on("error", () => {});
  const heard: string[] = [];
  client.on("data", (chunk) => heard.push(String(chunk)));
  client.write("one");
  await once(client, "data");
  cable.silence();
  client.write("two");
  await until(() => cable.lostBytes === 3);
  cable.silence(false);
  cable.delayMs = 5;
  client.write("three");
  await once(client, "data");
  assert.deepEqual(heard, ["one", "three"]);
  const closed = once(client, "close");
  cable.breakConnections();
  await closed;
});

Deno.test("Cable refuses connections while it is down", async () => {
  await using echo = await startEcho();
  await using cable = await startCable(echo.address);
  await cable.stop();
  const [error] = await once(dial(cable.address), "error");
  assert.match(String(error), /ECONNREFUSED/);
  await cable.start();
  const client = dial(cable.address);
  await once(client, "connect");
  const closed = once(client, "close");
  client.destroy();
  await closed;
});
