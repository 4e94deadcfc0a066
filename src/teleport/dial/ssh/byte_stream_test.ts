import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { PassThrough } from "node:stream";
import fc from "fast-check";
import { ClusterError } from "../../errors.ts";
import { SshByteStream } from "./byte_stream.ts";
import { open, someCredentials, startTcp, until } from "../testing/tunnel.ts";

const credentials = await someCredentials();

/** Servers that are something else, and what is said about them. */
const OTHERS: readonly (readonly [string, string, RegExp])[] = [
  ["HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", /^the server does not speak SSH 2.0 but HTTP: /],
  ["TLS", "\x15\x03\x03\x00\x02\x02\x32", /^the server does not speak SSH 2.0 but TLS: /],
  ["SMTP", "220 mx ESMTP\r\n", /but something that begins with '220 mx ESMTP\?\?': /],
  ["an old SSH", "SSH-1.5-old\r\n", /SSH 2.0 but something that begins with 'SSH-1.5-old/],
  ["SSH that does not end its line", `SSH-2.0-${"x".repeat(300)}`, /begins with 'SSH-2.0-xxx/],
  ["SSH with other line ends", "SSH-2.0-x\n" + "y".repeat(300), /begins with 'SSH-2.0-x\?y/],
];
for (const [what, greeting, expected] of OTHERS) {
  Deno.test(`openSshTunnel() recognises ${what} at the address`, async () => {
    await using listener = await startTcp((socket) =>
      void socket.resume().write(greeting, "latin1")
    );
    await assert.rejects(
      open(listener.port, credentials),
      (error) =>
        error instanceof ClusterError && error.kind === "unavailable" &&
        expected.test(error.message),
    );
    await until(() => listener.connections === 0, "the connection is closed");
  });
}

Deno.test("openSshTunnel() limits the wait for a silent server", async () => {
  await using listener = await startTcp((socket) => void socket.resume());
  await assert.rejects(open(listener.port, credentials, { timeoutMs: 50 }), {
    kind: "unavailable",
    message: "the SSH handshake timed out",
  });
  await until(() => listener.connections === 0, "the connection is closed");
});

Deno.test("openSshTunnel() reports that a server closed the connection at once", async () => {
  await using listener = await startTcp((socket) => socket.end());
  await assert.rejects(open(listener.port, credentials), {
    kind: "unavailable",
    message: "the proxy closed the SSH connection",
  });
});

Deno.test("SshByteStream delivers every byte in order, however data and reads are split", async () => {
  const line = "SSH-2.0-Teleport\r\n";
  await fc.assert(fc.asyncProperty(
    fc.string(),
    fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
    fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
    async (text, cuts, reads) => {
      const sent = Buffer.from(line + text);
      const through = new PassThrough();
      const losses: string[] = [];
      const stream = new SshByteStream(through, ({ message }) => losses.push(message));
      for (let at = 0, cut = 0; at < sent.length; cut++) {
        const length = cuts[cut % cuts.length] ?? 1;
        through.write(sent.subarray(at, at + length));
        at += length;
      }
      let got = Buffer.alloc(0);
      for (let round = 0; got.length < sent.length; round++) {
        const wanted = reads[round % reads.length] ?? 1;
        const bytes = await stream.read(wanted);
        assert.ok(bytes.length > 0 && bytes.length <= wanted);
        got = Buffer.concat([got, bytes]);
      }
      assert.deepEqual(got, sent);
      assert.deepEqual(losses, []);
      through.destroy();
    },
  ));
});

Deno.test("SshByteStream reports a lost connection when more is requested than has arrived", async () => {
  const through = new PassThrough();
  const losses: string[] = [];
  const stream = new SshByteStream(through, ({ message }) => losses.push(message));
  through.end("SSH-2.0-x\r\nlast words");
  let heard = "";
  while (heard.length < 21) heard += await stream.read(6);
  assert.equal(heard, "SSH-2.0-x\r\nlast words");
  assert.deepEqual(losses, []);
  stream.read(1);
  await until(() => losses.length > 0, "the loss is reported");
  assert.equal(losses[0], "the proxy closed the SSH connection");
});

Deno.test("SshByteStream finishes writes on a broken stream", async () => {
  const through = new PassThrough();
  const stream = new SshByteStream(through, () => {});
  through.destroy(new Error("pulled out"));
  await stream.write(Buffer.from("x"));
  assert.equal(through.destroyed, true);
});
