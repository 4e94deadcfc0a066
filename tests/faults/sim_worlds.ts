/** Worlds of `sim/`, in this process. */

import { startAuthServer } from "../../sim/auth/server.ts";
import { PRESET_ROLE } from "../../sim/auth/rbac.ts";
import type { Cluster } from "../../sim/cluster/cluster.ts";
import { DEFAULT_ROLE } from "../../sim/pki/identity.ts";
import { startPlayground } from "../../sim/playground/playground.ts";
import { startCable } from "../../sim/proxy/cable.ts";
import { behindProxy, resetter } from "./network.ts";
import type { World, WorldOptions, Worlds } from "./world.ts";

export function simWorlds(): Worlds {
  return { name: "sim/", open, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** Fills a request's plugin data, as another plugin may do, so that they take no more. */
function fill(cluster: Cluster, id: string): void {
  cluster.pluginData.update({
    $typeName: "types.PluginDataUpdateParams",
    Kind: "access_request",
    Resource: id,
    Plugin: "other",
    Set: { text: "x".repeat(999_950) },
    Expect: {},
  });
}

/** The preset role of access plugins, without `list` on access requests. */
const NARROW_ROLE = PRESET_ROLE.map((rule) =>
  rule.kind === "access_request" ? { ...rule, verbs: ["read"] as const } : rule
);

async function open(options: WorldOptions): Promise<World> {
  const { recipients, roundTripMs = 0, isBehindProxy = false } = options;
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-faults-" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const playground = stack.use(
    await startPlayground({ dir, connectTo: "auth", roleToRecipients: { "*": recipients } }),
  );
  const { auth, cluster, mail, paths, pki, proxy } = playground;
  const cable = isBehindProxy ? stack.use(await startCable(proxy.address)) : undefined;
  if (cable) await behindProxy(paths.config, cable, paths.webCa);
  auth.callDelayMs = roundTripMs;
  mail.replyDelayMs = roundTripMs;
  const ids: string[] = [];
  let isRefusing = false;
  const owned = stack.move();
  return {
    config: paths.config,
    create: (count) => {
      const created = Array.from({ length: count }, () => {
        const request = cluster.create({ user: "alice@example.com", roles: ["dba"] });
        const id = request.Metadata?.Name ?? "";
        if (isRefusing) fill(cluster, id);
        return id;
      });
      ids.push(...created);
      return Promise.resolve(created);
    },
    decide: (id, state) => Promise.resolve(void cluster.setState(id, state)),
    dropStreams: () => Promise.resolve(auth.dropWatches()),
    refuseMails: (count) => Promise.resolve(mail.failNextMails(451, "4.3.0 told to fail", count)),
    narrow: (isNarrow) =>
      Promise.resolve(void cluster.roles.set(DEFAULT_ROLE, isNarrow ? NARROW_ROLE : PRESET_ROLE)),
    refuseWrites: (refuses) => Promise.resolve(void (isRefusing = refuses)),
    reset: resetter(cable),
    startLagging: async () => {
      const lagging = owned.use(await startAuthServer(cluster, pki));
      // The newer call alone reads the cache.
      lagging.setUnimplemented("GetAccessRequestsV2");
      lagging.cache.pause();
      const config = `${dir}/lagging.toml`;
      const text = await Deno.readTextFile(paths.config);
      await Deno.writeTextFile(config, text.replace(/addr = ".*"/, `addr = "${lagging.address}"`));
      return config;
    },
    countMails: () => Promise.resolve(mail.mails.length),
    mails: () => Promise.resolve([...mail.mails]),
    records: () =>
      Promise.resolve(new Map(ids.map((id) => [id, { ...cluster.pluginData.entry(id, "email") }]))),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
