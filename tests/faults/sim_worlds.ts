/** Worlds of `sim/`, in this process. */

import { startPlayground } from "../../sim/playground/playground.ts";
import type { World, WorldOptions, Worlds } from "./world.ts";

export function simWorlds(): Worlds {
  return { name: "sim/", open, [Symbol.asyncDispose]: () => Promise.resolve() };
}

async function open({ recipients, roundTripMs = 0 }: WorldOptions): Promise<World> {
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-faults-" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const playground = stack.use(
    await startPlayground({ dir, connectTo: "auth", roleToRecipients: { "*": recipients } }),
  );
  const { auth, cluster, mail, paths } = playground;
  auth.callDelayMs = roundTripMs;
  mail.replyDelayMs = roundTripMs;
  const ids: string[] = [];
  const owned = stack.move();
  return {
    config: paths.config,
    create: (count) => {
      const created = Array.from({ length: count }, () => {
        const request = cluster.create({ user: "alice@example.com", roles: ["dba"] });
        return request.Metadata?.Name ?? "";
      });
      ids.push(...created);
      return Promise.resolve(created);
    },
    decide: (id, state) => Promise.resolve(void cluster.setState(id, state)),
    dropStreams: () => Promise.resolve(auth.dropWatches()),
    refuseMails: (count) => Promise.resolve(mail.failNextMails(451, "4.3.0 told to fail", count)),
    countMails: () => Promise.resolve(mail.mails.length),
    mails: () => Promise.resolve([...mail.mails]),
    records: () =>
      Promise.resolve(new Map(ids.map((id) => [id, { ...cluster.pluginData.entry(id, "email") }]))),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
