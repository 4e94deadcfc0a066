/** The resources that a request names, and what of each is asked for. */

import type {
  AccessRequestSpecV3,
  ResourceConstraints,
  ResourceID,
} from "../generated/types_pb.ts";

/** A resource as requests name it. */
export interface ResourceId {
  readonly cluster: string;
  /** `node`, `app`, `db`, `kube_cluster`, `windows_desktop`, `user_group`, ... */
  readonly kind: string;
  /** Metadata.Name; of a node a UUID. */
  readonly name: string;
  /** A part of it, such as `namespace/pod` of a Kubernetes cluster; "" for all of it. */
  readonly part: string;
}

/** One thing that access to a resource is limited to, such as `logins` or `role_arns`. */
export interface ResourceConstraint {
  /**
   * `logins`, `role_arns`, `database_users`, `database_names` or `database_roles`; `unknown`, with no
   * values, for constraints that this program does not know.
   */
  readonly what: string;
  readonly values: readonly string[];
}

export interface RequestedResource extends ResourceId {
  /** Empty = access to all of the resource. */
  readonly constraints: readonly ResourceConstraint[];
}

const NONE: readonly never[] = [];

/** Field 26 holds what counts where a server sends it; before Teleport 18 there is only field 14. */
export function readRequestedResources(
  spec: AccessRequestSpecV3 | undefined,
): readonly RequestedResource[] {
  const constrained = spec?.RequestedResourceAccessIDs ?? NONE;
  if (constrained.length > 0) {
    return constrained.flatMap(({ id, constraints }) =>
      id === undefined ? [] : [{ ...readId(id), constraints: readConstraints(constraints) }]
    );
  }
  const plain = spec?.RequestedResourceIDs ?? NONE;
  return plain.length === 0 ? NONE : plain.map((id) => ({ ...readId(id), constraints: NONE }));
}

/** `/cluster/kind/name`, with `/part` where only a part is asked for: Teleport's own notation. */
export function resourcePath({ cluster, kind, name, part }: ResourceId): string {
  return `/${cluster}/${kind}/${name}${part === "" ? "" : `/${part}`}`;
}

function readId(id: ResourceID): ResourceId {
  return {
    cluster: id.ClusterName,
    kind: id.Kind,
    name: id.Name,
    part: id.SubResourceName,
  };
}

function readConstraints(
  constraints: ResourceConstraints | undefined,
): readonly ResourceConstraint[] {
  if (constraints === undefined) return NONE;
  const { details } = constraints;
  switch (details.case) {
    case "awsConsole":
      return given([["role_arns", details.value.roleArns]]);
    case "ssh":
    case "windowsDesktop":
      return given([["logins", details.value.logins]]);
    case "database":
      return given([
        ["database_users", details.value.users],
        ["database_names", details.value.names],
        ["database_roles", details.value.roles],
      ]);
    case undefined:
      // Those of a newer server come as unknown fields: a reviewer must not take them for none.
      return (constraints.$unknown ?? NONE).length > 0 ? [{ what: "unknown", values: NONE }] : NONE;
  }
}

function given(
  constraints: readonly (readonly [string, readonly string[]])[],
): readonly ResourceConstraint[] {
  return constraints.filter(([, values]) => values.length > 0)
    .map(([what, values]) => ({ what, values }));
}
