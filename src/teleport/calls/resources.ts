/** Calls that list the resources named in requests. */

import { AuthService } from "../generated/auth_pb.ts";
import { readResource, type Resource } from "../resources/resource.ts";
import { type Caller, LIST_TIMEOUT_MS } from "./caller.ts";

/** Maximum number of names in one expression, which Teleport evaluates for every resource. */
const NAMES_PER_LISTING = 200;

/** Kinds that `ListResources` lists under another name. */
const RESOURCE_TYPES: ReadonlyMap<string, string> = new Map([
  ["app", "app_server"],
  ["db", "db_server"],
  ["kube_cluster", "kube_server"],
]);

/**
 * The existing resources of a kind with one of these names. An app, database or Kubernetes cluster that
 * several servers proxy is listed several times.
 *
 * The caller's role sees resources only through its `preview_as_roles`. Without them the listing is
 * empty; with them, kinds that they do not cover are refused.
 *
 * @throws {ClusterError} `denied` when the role may not list the kind
 */
export async function listResources(
  caller: Caller,
  kind: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly Resource[]> {
  const wanted = [...new Set(names)];
  const found: Resource[] = [];
  for (let start = 0; start < wanted.length; start += NAMES_PER_LISTING) {
    const slice = wanted.slice(start, start + NAMES_PER_LISTING);
    for (const resource of await listSlice(caller, kind, slice, signal)) found.push(resource);
  }
  return found;
}

async function listSlice(
  caller: Caller,
  kind: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly Resource[]> {
  const action = `list resources of kind '${kind}'`;
  return await caller.pages(action, async (startKey) => {
    const request = {
      ResourceType: RESOURCE_TYPES.get(kind) ?? kind,
      Namespace: "default",
      Limit: names.length,
      StartKey: startKey,
      PredicateExpression: predicate(names),
      UsePreviewAsRoles: true,
    };
    const options = { action, timeoutMs: LIST_TIMEOUT_MS, signal };
    const page = await caller.unary(AuthService.method.listResources, request, options);
    return { items: page.Resources.flatMap((r) => readResource(r) ?? []), next: page.NextKey };
  });
}

function predicate(names: readonly string[]): string {
  return names.map((name) => `resource.metadata.name == ${goQuoted(name)}`).join(" || ");
}

/** A JSON string is also a Go string, except that Go refuses a byte order mark. */
function goQuoted(text: string): string {
  return JSON.stringify(text.toWellFormed()).replaceAll("\ufeff", "\\ufeff");
}
