/** What a mail server answers, and when it hangs up. */

import { Buffer } from "node:buffer";
import net, { type Socket } from "node:net";
import { TcpListener } from "../../../sim/proxy/tcp_listener.ts";
import { testMessage, testTransport } from "../../../src/mail/testing/smtp_client.ts";
import { Random } from "../../simulation/random.ts";
import { distort } from "../distortion.ts";
import type { Surface } from "../surface.ts";

const PASSWORD = "correct horse battery staple";
const TIMEOUTS = { connectMs: 400, greetingMs: 300, sendMs: 600, contentMs: 300 };

/** The answers of a good server, by the command that they follow. */
const ANSWERS: Readonly<Record<string, string>> = {
  "": "220 mail.example.com ESMTP\r\n",
  EHLO: "250-mail.example.com\r\n250-SIZE 1000000\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN\r\n",
  HELO: "250 mail.example.com\r\n",
  STARTTLS: "220 go on\r\n",
  AUTH: "235 2.7.0 welcome\r\n",
  MAIL: "250 2.1.0 ok\r\n",
  RCPT: "250 2.1.5 ok\r\n",
  DATA: "354 go on\r\n",
  ".": "250 2.0.0 queued as 1\r\n",
  RSET: "250 ok\r\n",
  NOOP: "250 ok\r\n",
  QUIT: "221 bye\r\n",
};

/** An answer as a good server gives it, or a spoiled one. */
function answer(random: Random, good: string): Uint8Array {
  const text = random.chance(0.7) ? good : random.pick([
    `${random.int(0, 999)} words\r\n`,
    `${random.int(400, 559)} 5.${random.int(0, 9)}.${random.int(0, 99)} ${PASSWORD}\r\n`,
    `${good.slice(0, 3)}-${"x".repeat(random.int(0, 100_000))}\r\n${good}`,
    `${`${good.slice(0, 3)}-more\r\n`.repeat(random.int(1, 2000))}${good}`,
    good + good,
    good.replaceAll("\r\n", "\n"),
    `\u001b[31m${good.slice(0, 3)}\u0000\u202e${btoa(PASSWORD)}`,
    "",
  ]);
  const bytes = Buffer.from(text);
  return random.chance(0.8) ? bytes : distort(random, bytes);
}

/** Serves one connection, with faults of its own. */
function serve(socket: Socket, random: Random): void {
  socket.on("error", () => {});
  const say = (command: string) => {
    if (socket.destroyed) return;
    if (random.chance(0.02)) return void socket.destroy();
    if (random.chance(0.02)) return void socket.resetAndDestroy();
    if (random.chance(0.01)) return;
    const bytes = answer(random, ANSWERS[command] ?? "500 what?\r\n");
    const at = random.chance(0.2) ? random.int(0, bytes.length) : bytes.length;
    socket.write(bytes.subarray(0, at));
    if (at < bytes.length) {
      setImmediate(() => void (socket.destroyed || socket.write(bytes.subarray(at))));
    }
    if (command === "QUIT") socket.end();
  };
  let [rest, isContent] = ["", false];
  socket.on("data", (piece) => {
    const lines = (rest + piece.toString("latin1")).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const command = isContent
        ? (line === "." ? "." : undefined)
        : line.split(" ")[0]?.toUpperCase();
      if (command === undefined) continue;
      isContent = command === "DATA";
      say(command);
    }
  });
  say("");
}

export const smtpReplies: Surface = {
  name: "SMTP replies",
  open: async () => {
    let random = new Random(0);
    const listener = new TcpListener(net.createServer((socket) => serve(socket, random.fork())));
    await listener.start();
    const auth = { username: "teleport", password: () => Promise.resolve(PASSWORD) };
    return {
      feed: async (drawn) => {
        random = drawn;
        const starttlsPolicy = drawn.pick(["disabled", "disabled", "mandatory", "opportunistic"]);
        const options = { starttlsPolicy, ...drawn.chance(0.5) ? { auth } : {} };
        await using transport = testTransport(listener.port, options, { timeouts: TIMEOUTS });
        const receipt = await transport.send(testMessage(), new AbortController().signal);
        const line = receipt.ok ? receipt.response : receipt.error;
        for (const secret of [PASSWORD, btoa(PASSWORD)]) {
          if ("auth" in options && line.includes(secret)) {
            throw new Error(`a secret is told: ${line}`);
          }
        }
        return receipt.ok ? "ok" : line;
      },
      [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
    };
  },
};
