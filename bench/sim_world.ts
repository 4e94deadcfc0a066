/** The world of `sim/`, in a process of its own so that its work does not count as the program's. */

import { fileURLToPath } from "node:url";
import { RequestState } from "../src/teleport/generated/types_pb.ts";
import { startPlayground } from "../sim/playground/playground.ts";
import { setKeys, type World, type WorldOptions, type Worlds } from "./world.ts";

export function simWorlds(): Worlds {
  return { name: "sim", open, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** What the child process prints once it runs. */
interface Started {
  readonly config: string;
  readonly url: string;
}

async function open(options: WorldOptions): Promise<World> {
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-bench-" });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", fileURLToPath(import.meta.url), dir, JSON.stringify(options)],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("Cannot start the simulated world: its process ended");
    text += value;
  }
  const { config, url }: Started = JSON.parse(text);
  await setKeys(config, "smtp", { max_connections: options.maxConnections });
  const ask = async (path: string) => await (await fetch(`${url}${path}`)).json();
  return {
    config,
    create: (count) => ask(`/create?n=${count}`),
    review: async (id, count) => void await ask(`/review?id=${id}&n=${count}`),
    accepted: () => ask("/accepted"),
    calls: () => ask("/calls"),
    [Symbol.asyncDispose]: async () => {
      await child.stdin.close();
      await child.status;
      await reader.cancel();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

/** The child process: serves until its standard input is closed. */
async function serve(dir: string, { recipients, roundTripMs = 0 }: WorldOptions): Promise<void> {
  const roleToRecipients = { "*": recipients };
  await using playground = await startPlayground({ dir, connectTo: "auth", roleToRecipients });
  const { auth, cluster, mail, paths } = playground;
  auth.callDelayMs = roundTripMs;
  mail.replyDelayMs = roundTripMs;
  const answers: Readonly<Record<string, (url: URL) => unknown>> = {
    "/create": (url) => {
      const count = Number(url.searchParams.get("n"));
      const request = { user: "alice@example.com", roles: ["dba"] };
      return Array.from({ length: count }, () => cluster.create(request).Metadata?.Name ?? "");
    },
    "/review": (url) => {
      const id = url.searchParams.get("id") ?? "";
      const state = RequestState.APPROVED;
      for (let i = 0; i < Number(url.searchParams.get("n")); i++) {
        cluster.review(id, { author: `r${i}@example.com`, state, reason: "ok" });
      }
      return {};
    },
    "/accepted": () => ({
      emails: mail.mails.length,
      lastMs: mail.mails.at(-1)?.receivedAt.getTime(),
      connections: mail.accepted,
    }),
    "/calls": () => Object.fromEntries(auth.calls),
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const url = new URL(request.url);
    const answer = answers[url.pathname];
    return answer === undefined
      ? new Response(null, { status: 404 })
      : Response.json(answer(url) ?? null);
  });
  const started: Started = { config: paths.config, url: `http://127.0.0.1:${server.addr.port}` };
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(started)}\n`));
  for await (const _ of Deno.stdin.readable) { /* Nothing is sent: only its end counts. */ }
  await server.shutdown();
}

if (import.meta.main) {
  const [dir = "", options = "{}"] = Deno.args;
  await serve(dir, JSON.parse(options));
}
