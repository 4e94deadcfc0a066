/** Servers that accept connections and reset them, at the moments when nobody seems to listen. */

import assert from "node:assert/strict";
import { join } from "node:path";
import net from "node:net";
import { TcpListener } from "../sim/proxy/tcp_listener.ts";
import { onStage, until } from "./support.ts";

/**
 * Root CAs that take their time to read: each reader of the FIFO gets `text` a moment later. Whatever
 * is connected meanwhile waits, and may be reset.
 */
async function slowFile(path: string, text: string): Promise<AsyncDisposable> {
  await new Deno.Command("mkfifo", { args: [path] }).output();
  let isOver = false;
  const serving = (async () => {
    while (!isOver) {
      // Opening for writing waits for a reader.
      using writer = await Deno.open(path, { write: true });
      if (isOver) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
      await writer.write(new TextEncoder().encode(text)).catch(() => {});
    }
  })();
  return {
    [Symbol.asyncDispose]: async () => {
      isOver = true;
      // For both, which waits for nobody.
      using _ = await Deno.open(path, { read: true, write: true });
      await serving;
    },
  };
}

for (const via of ["auto", "direct", "upgrade", "ssh"]) {
  Deno.test(`A server that resets every connection does not end the program, with via = '${via}'`, async () => {
    await onStage({}, async ({ playground, configure, launch }) => {
      let resets = 0;
      await using server = new TcpListener(net.createServer((socket) => {
        resets++;
        socket.resetAndDestroy();
      }));
      await server.start();
      const roots = join(playground.paths.config, "../slow-roots.pem");
      await using _ = await slowFile(roots, playground.pki.webCa.certPem);
      await configure((text) =>
        text.replace(playground.proxy.address, server.address)
          .replace("[teleport]", `[teleport]\nvia = "${via}"\nweb_root_cas = "${roots}"`)
      );
      await using plugin = launch();
      const ended = plugin.ended().then((code) => assert.fail(`it ended with code ${code}`));
      await Promise.race([until("connections were reset", () => resets >= 8, 60_000), ended]);
      ended.catch(() => {});
      assert.equal(await plugin.stop(), 0, plugin.lines.join("\n"));
      assert.match(plugin.lines.at(-1) ?? "", /Successfully shut down/);
      const unexpected = plugin.lines.filter((line) =>
        !/^\d{4}-\d\d-\d\dT.*(INFO|WARN)/.test(line)
      );
      assert.deepEqual(unexpected, []);
    });
  });
}
