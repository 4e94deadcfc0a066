/** Looks up the resources of a request, all kinds in parallel. */

import type { ResourceId } from "../access_request/resources.ts";
import { ClusterError } from "../errors.ts";
import type { Resource } from "./resource.ts";

/** Lists resources; implemented by `TeleportClient`. */
export interface ResourceLister {
  /** @throws {ClusterError} */
  listResources(
    kind: string,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Resource[]>;
}

/** The result of a lookup. */
export interface FoundResources {
  /** The resource with this id; undefined when it does not exist or its kind could not be listed. */
  of(id: ResourceId): Resource | undefined;
  /** Kinds that could not be listed, with the cause. */
  readonly failures: ReadonlyMap<string, ClusterError>;
}

/** Kinds of Kubernetes objects: their ids have the cluster's name, and the object as the part. */
const KUBERNETES_KINDS: ReadonlySet<string> = new Set(
  ("pod secret configmap namespace service serviceaccount kube_node persistentvolume " +
    "persistentvolumeclaim deployment replicaset statefulset daemonset clusterrole kube_role " +
    "clusterrolebinding rolebinding cronjob job certificatesigningrequest ingress").split(" "),
);

/** The kind under which a resource is listed: for a Kubernetes object, that of its cluster. */
export function listedKind(kind: string): string {
  return KUBERNETES_KINDS.has(kind) || kind.startsWith("kube:") ? "kube_cluster" : kind;
}

/**
 * Looks up resources by kind and name, with one listing for each kind, in parallel. The cluster of an id
 * is ignored: listings are those of the cluster that the client is connected to.
 *
 * A kind that cannot be listed does not affect other kinds.
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
      // Resources that several servers proxy are listed several times, with the same labels.
      found.set(kind, new Map(listed.map((resource) => [resource.name, resource])));
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      failures.set(kind, error);
    }
  };
  await Promise.all([...names].map(([kind, ofKind]) => find(kind, ofKind)));
  return { of: ({ kind, name }) => found.get(listedKind(kind))?.get(name), failures };
}
