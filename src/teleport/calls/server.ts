/** Calls for information about the server and our user. */

import { AuthService } from "../generated/auth_pb.ts";
import { readRole, type Role } from "../permissions.ts";
import { CALL_TIMEOUT_MS, type Caller } from "./caller.ts";

/** The server's answer to a ping. */
export interface ServerInfo {
  readonly clusterName: string;
  readonly version: string;
  /** `host:port` of the proxy, "" when it has no public address. */
  readonly proxyPublicAddr: string;
  /** Whether the web UI has a page for each request, to which emails can link. */
  readonly advancedAccessWorkflows: boolean;
}

/**
 * Reads name, version and features of the cluster.
 *
 * @throws {ClusterError}
 */
export async function ping(caller: Caller, signal: AbortSignal): Promise<ServerInfo> {
  const action = "ping the server";
  const response = await caller.unary(AuthService.method.ping, {}, { action, signal });
  return {
    clusterName: response.ClusterName,
    version: response.ServerVersion,
    proxyPublicAddr: response.ProxyPublicAddr,
    advancedAccessWorkflows: response.ServerFeatures?.AdvancedAccessWorkflows ?? false,
  };
}

/**
 * The roles of our user; undefined when the server does not support the call.
 *
 * @throws {ClusterError}
 */
export async function currentRoles(
  caller: Caller,
  signal: AbortSignal,
): Promise<readonly Role[] | undefined> {
  return await caller.optional("GetCurrentUserRoles", async () => {
    const options = { action: "read its own roles", timeoutMs: CALL_TIMEOUT_MS, signal };
    const roles: Role[] = [];
    for await (
      const role of caller.stream(AuthService.method.getCurrentUserRoles, {}, options)
    ) roles.push(readRole(role));
    return roles;
  });
}
