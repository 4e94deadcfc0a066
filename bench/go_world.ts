/** The world of the Go cluster and SMTP sink that may stand beside the repository. */

import { playgroundConfig } from "../sim/playground/playground_config.ts";
import { buildGo, GO_CLUSTER, startGo } from "../tests/faults/go_process.ts";
import { setKeys, type World, type WorldOptions, type Worlds } from "./world.ts";

/** Builds both programs; undefined where they, or Go, are missing. */
export async function goWorlds(): Promise<Worlds | undefined> {
  const hasSources = await Deno.stat(GO_CLUSTER).then(() => true, () => false);
  if (!hasSources) return undefined;
  const bin = await Deno.makeTempDir({ prefix: "teleport-email-go-" });
  await buildGo(GO_CLUSTER, `${bin}/gocluster`);
  await buildGo(`${GO_CLUSTER}/../smtpsink`, `${bin}/smtpsink`);
  return {
    name: "go",
    open: (options) => open(bin, options),
    [Symbol.asyncDispose]: () => Deno.remove(bin, { recursive: true }),
  };
}

/** `GET /count` of the sink. */
interface Count {
  readonly messages: number;
  readonly connections: number;
  readonly last?: string;
}

async function open(bin: string, options: WorldOptions): Promise<World> {
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-bench-" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const rtt = ["--rtt", `${options.roundTripMs ?? 0}ms`];
  const cluster = stack.use(await startGo(`${bin}/gocluster`, ["--dir", dir, ...rtt]));
  const caPath = `${dir}/mail-ca.pem`;
  const sink = stack.use(await startGo(`${bin}/smtpsink`, ["--cert-out", caPath, ...rtt]));
  const config = `${dir}/teleport-email.toml`;
  const text = playgroundConfig({
    addr: cluster.addresses["auth"] ?? "",
    identityPath: `${dir}/identity`,
    smtp: {
      port: Number(sink.addresses["smtp"]?.split(":")[1]),
      rootCasPath: caPath,
      implicitTls: false,
      auth: { username: "teleport", password: "secret" },
    },
    roleToRecipients: { "*": options.recipients },
  });
  await Deno.writeTextFile(config, text, { mode: 0o600 });
  await setKeys(config, "smtp", { max_connections: options.maxConnections });
  const owned = stack.move();
  return {
    config,
    create: async (count) => {
      const path = `/create?user=alice@example.com&roles=dba&n=${count}`;
      const created: readonly string[] | string = await (await cluster.control(path)).json();
      return [created].flat();
    },
    review: async (id, count) => {
      for (let i = 0; i < count; i++) {
        const path = `/review?id=${id}&author=r${i}@example.com&state=APPROVED&reason=ok`;
        await (await cluster.control(path)).body?.cancel();
      }
    },
    accepted: async () => {
      const count: Count = await (await sink.control("/count", "GET")).json();
      return {
        emails: count.messages,
        lastMs: count.last === undefined ? undefined : Date.parse(count.last),
        connections: count.connections,
      };
    },
    calls: async () => {
      const { requests: _requests, watchers: _watchers, ...calls }: Record<string, string> =
        await (await cluster.control("/stats", "GET")).json();
      return Object.fromEntries(Object.entries(calls).map(([name, n]) => [name, Number(n)]));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
