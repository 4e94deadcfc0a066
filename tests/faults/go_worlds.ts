/**
 * Worlds of a Teleport-like cluster and an SMTP server in Go: a second opinion on what `sim/` says. Their
 * command lines and control APIs are described at the top of their `main.go`.
 */

import PostalMime from "postal-mime";
import type { ReceivedMail } from "../../sim/mail/mailbox.ts";
import { playgroundConfig } from "../../sim/playground/playground_config.ts";
import { RequestState } from "../../src/teleport/generated/types_pb.ts";
import { startCable } from "../../sim/proxy/cable.ts";
import { behindProxy, resetter } from "./network.ts";
import { buildGo, GO_CLUSTER, startGo } from "./go_process.ts";
import type { World, WorldOptions, Worlds } from "./world.ts";

/** A mail as smtpsink shows it. */
interface SunkMail {
  readonly at: string;
  readonly from: string;
  readonly rcpts: readonly string[];
  readonly tls: boolean;
  readonly data: string;
}

/** Plugin data as gocluster shows them: request, plugin, key, value. */
type ShownData = Record<string, Record<string, Record<string, string>>>;

/** Builds both programs; throws when they, or Go, are not there. */
export async function goWorlds(): Promise<Worlds> {
  await Deno.stat(GO_CLUSTER);
  const bin = await Deno.makeTempDir({ prefix: "teleport-email-go-" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(bin, { recursive: true }));
  await buildGo(GO_CLUSTER, `${bin}/gocluster`);
  await buildGo(`${GO_CLUSTER}/../smtpsink`, `${bin}/smtpsink`);
  const owned = stack.move();
  return {
    name: "gocluster and smtpsink",
    open: (options) => open(bin, options),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function open(bin: string, options: WorldOptions): Promise<World> {
  const { recipients, roundTripMs = 0, isBehindProxy = false } = options;
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-faults-" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const rtt = ["--rtt", `${roundTripMs}ms`];
  const cluster = stack.use(await startGo(`${bin}/gocluster`, ["--dir", dir, ...rtt]));
  const sink = stack.use(
    await startGo(`${bin}/smtpsink`, ["--cert-out", `${dir}/mail-ca.pem`, ...rtt]),
  );
  const config = `${dir}/teleport-email.toml`;
  await Deno.writeTextFile(
    config,
    playgroundConfig({
      addr: cluster.addresses["auth"] ?? "",
      identityPath: `${dir}/identity`,
      smtp: {
        port: Number(sink.addresses["smtp"]?.split(":")[1]),
        rootCasPath: `${dir}/mail-ca.pem`,
        implicitTls: false,
        auth: { username: "teleport", password: "secret" },
      },
      roleToRecipients: { "*": recipients },
    }),
    { mode: 0o600 },
  );
  const proxy = cluster.addresses["proxy"] ?? "";
  const cable = isBehindProxy ? stack.use(await startCable(proxy)) : undefined;
  if (cable) await behindProxy(config, cable, `${dir}/web-ca.pem`);
  const owned = stack.move();
  return {
    config,
    create: async (count) => {
      const response = await cluster.control(`/create?user=alice@example.com&roles=dba&n=${count}`);
      return await response.json();
    },
    decide: async (id, state) => {
      await drained(cluster.control(`/resolve?id=${id}&state=${RequestState[state]}`));
    },
    dropStreams: () => drained(cluster.control("/drop")),
    narrow: (isNarrow) => drained(cluster.control(`/narrow?on=${Number(isNarrow)}`)),
    refuseWrites: (isRefusing) =>
      drained(cluster.control(`/refuse?on=${Number(isRefusing)}&from=1`)),
    reset: resetter(cable),
    refuseMails: (count) => drained(sink.control(`/fail?n=${count}&code=451`)),
    countMails: async () => {
      const { messages } = await (await sink.control("/count", "GET")).json();
      return messages;
    },
    mails: async () => {
      const mails: SunkMail[] = await (await sink.control("/messages", "GET")).json() ?? [];
      return await Promise.all(mails.map(received));
    },
    records: async () => {
      const data: ShownData = await (await cluster.control("/data", "GET")).json();
      return new Map(Object.entries(data).map(([id, plugins]) => [id, plugins["email"] ?? {}]));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function drained(response: Promise<Response>): Promise<void> {
  await (await response).body?.cancel();
}

async function received({ at, from, rcpts, tls, data }: SunkMail): Promise<ReceivedMail> {
  return {
    envelope: { from, to: rcpts },
    raw: data,
    parsed: await PostalMime.parse(data),
    tls,
    hello: "",
    receivedAt: new Date(at),
  };
}
