/** Checks each connection method separately. */

import type { TeleportConfig } from "../../config/config.ts";
import { lookupAll } from "../../net/dial.ts";
import type { Environment } from "../../net/proxy_env.ts";
import { readWebRoots, STEP_TIMEOUT_MS } from "../../teleport/cluster_connections.ts";
import type { Credentials } from "../../teleport/credentials.ts";
import { dialDirectly } from "../../teleport/dial/direct.ts";
import { dialBySsh } from "../../teleport/dial/ssh/dial.ts";
import { dialByUpgrade, dialByUpgradeIfNeeded } from "../../teleport/dial/upgrade.ts";
import type { Address } from "../../net/address.ts";
import {
  type ConnectionMethod,
  type Dial,
  type DialContext,
  MethodNotApplicable,
} from "../../teleport/dial/method.ts";
import { ClusterError } from "../../teleport/errors.ts";
import { type Finding, timed } from "./finding.ts";

/**
 * Tries each connection method and closes the connection. A failure is a problem only if the configuration
 * asks for that method: with `auto` one is enough, which the connection that comes afterwards shows.
 */
export async function checkMethods(
  address: Address,
  credentials: Credentials,
  { via, webRootCas }: TeleportConfig,
  env: Environment,
): Promise<readonly Finding[]> {
  const context: DialContext = {
    address,
    credentials,
    env,
    webRoots: () => readWebRoots(webRootCas),
    lookup: lookupAll,
    now: () => Date.now(),
    stepTimeoutMs: STEP_TIMEOUT_MS,
  };
  const methods: readonly (readonly [ConnectionMethod, Dial])[] = [
    ["direct", dialDirectly],
    ["upgrade", via === "upgrade" ? dialByUpgrade : dialByUpgradeIfNeeded],
    ["ssh", dialBySsh],
  ];
  return await Promise.all(
    methods.map(([method, dial]) => checkMethod(method, dial, context, via)),
  );
}

async function checkMethod(
  method: ConnectionMethod,
  dial: Dial,
  context: DialContext,
  via: TeleportConfig["via"],
): Promise<Finding> {
  const check = `connection.${method}`;
  const { value: failure, tookMs } = await timed(async () => {
    try {
      (await dial(context, new AbortController().signal)).destroy();
      return undefined;
    } catch (error) {
      if (error instanceof ClusterError) return error;
      throw error;
    }
  });
  if (failure === undefined) return { check, level: "ok", text: "works", tookMs };
  const applies = !(failure instanceof MethodNotApplicable);
  const text = `${applies ? "does not work" : "does not apply"}: ${failure.message}`;
  if (via !== method) return { check, level: "skipped", text, tookMs };
  const remedy = "set 'via' in [teleport] to a method that works, or to 'auto'";
  return { check, level: "problem", text, tookMs, remedy };
}
