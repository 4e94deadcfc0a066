/** A TCP server that answers line by line, for what no well-behaved SMTP server does. */

import net, { type AddressInfo } from "node:net";

export interface LineServer extends AsyncDisposable {
  readonly port: number;
  /** Every line that came in, over all connections. */
  readonly lines: readonly string[];
}

/**
 * What to say, or how to end: `close` and `reset` end the connection, `silence` says nothing,
 * `garble` agrees to a TLS handshake and then answers it with what is none.
 */
export type Answer = string | "close" | "reset" | "silence" | "garble";

/** Starts a server that greets and then answers each line; `answer` may return many lines, and say more later. */
export async function startLineServer(
  greeting: Answer,
  answer: (line: string, later: (words: Answer) => void) => Answer = () => "silence",
): Promise<LineServer> {
  const lines: string[] = [];
  const sockets = new Set<net.Socket>();
  const say = (socket: net.Socket, words: Answer) => {
    if (words === "close") socket.end();
    else if (words === "reset") socket.resetAndDestroy();
    else if (words === "garble") {
      socket.write("220 go on\r\n");
      socket.removeAllListeners("data").once("data", () => socket.end("no TLS in here\r\n"));
    } else if (words !== "silence") socket.write(`${words}\r\n`);
  };
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    let rest = "";
    socket.on("data", (chunk) => {
      const parts = (rest + chunk).split("\r\n");
      rest = parts.pop() ?? "";
      for (const line of parts) {
        lines.push(line);
        say(socket, answer(line, (words) => say(socket, words)));
      }
    });
    say(socket, greeting);
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  return {
    port: (server.address() as AddressInfo).port,
    lines,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const socket of sockets) socket.destroy();
      await closed.promise;
    },
  };
}
