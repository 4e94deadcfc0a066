/** Finds the resources that a request names, of all kinds at once. */

import type { ResourceId } from "../access_request/resources.ts";
import { ClusterError } from "../errors.ts";
import type { Resource } from "./resource.ts";

/** What is asked of the cluster; `TeleportClient` offers it. */
export interface ResourceLister {
  /** @throws {ClusterError} */
  listResources(
    kind: string,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Resource[]>;
}

export interface FoundResources {
  /** The resource of an id; undefined when it is gone, or when its kind could not be listed. */
  of(id: ResourceId): Resource | undefined;
  /** Kinds that could not be listed, with the reason of each. */
  readonly failures: ReadonlyMap<string, ClusterError>;
}

/** Kinds of objects in a Kubernetes cluster: an id has the cluster's name, and the object as its part. */
const KUBERNETES_KINDS: ReadonlySet<string> = new Set(
  ("pod secret configmap namespace service serviceaccount kube_node persistentvolume " +
    "persistentvolumeclaim deployment replicaset statefulset daemonset clusterrole kube_role " +
    "clusterrolebinding rolebinding cronjob job certificatesigningrequest ingress").split(" "),
);

/** The kind of resource that an id names: of an object in a Kubernetes cluster, the cluster. */
export function listedKind(kind: string): string {
  return KUBERNETES_KINDS.has(kind) || kind.startsWith("kube:") ? "kube_cluster" : kind;
}

/**
 * Looks up resources by kind and name, each kind by a listing of its own, side by side. The cluster that
 * an id names is not looked at: the listing is one of the cluster that the client is connected to.
 *
 * A kind that cannot be listed is a failure of that kind alone.
 */
export async function findResources(
  lister: ResourceLister,
  ids: readonly ResourceId[],
  signal: AbortSignal,
): Promise<FoundResources> {
  const names = Map.groupBy(ids, ({ kind }) => listedKind(kind));
  const found = new Map<string, Map<string, Resource>>();
  const failures = new Map<string, ClusterError>();
  const find = async (kind: string, ofKind: readonly ResourceId[]) => {
    try {
      const listed = await lister.listResources(kind, ofKind.map(({ name }) => name), signal);
      // What several servers proxy comes several times, with the same labels.
      found.set(kind, new Map(listed.map((resource) => [resource.name, resource])));
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      failures.set(kind, error);
    }
  };
  await Promise.all([...names].map(([kind, ofKind]) => find(kind, ofKind)));
  return { of: ({ kind, name }) => found.get(listedKind(kind))?.get(name), failures };
}
