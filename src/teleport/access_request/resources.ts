/** The resources of a request, and the constraints on the access to each. */

import type {
  AccessRequestSpecV3,
  ResourceConstraints,
  ResourceID,
} from "../generated/types_pb.ts";

/** A resource as identified in requests. */
export interface ResourceId {
  readonly cluster: string;
  /** `node`, `app`, `db`, `kube_cluster`, `windows_desktop`, `user_group`, ... */
  readonly kind: string;
  /** Metadata.Name; a UUID for nodes. */
  readonly name: string;
  /** A part, such as `namespace/pod` of a Kubernetes cluster; "" = the whole resource. */
  readonly part: string;
}

/** A limit on the access to a resource, such as `logins` or `role_arns`. */
export interface ResourceConstraint {
  /**
   * `logins`, `role_arns`, `database_users`, `database_names` or `database_roles`; `unknown`, with no
   * values, for constraints of newer servers.
   */
  readonly what: string;
  readonly values: readonly string[];
}

/** A requested resource with its constraints. */
export interface RequestedResource extends ResourceId {
  /** Empty = unrestricted access to the resource. */
  readonly constraints: readonly ResourceConstraint[];
}

const NONE: readonly never[] = [];

/** The resources of a request: field 26 if the server sends it, else field 14 (before Teleport 18). */
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

/** Teleport's notation of a resource: `/cluster/kind/name`, or `/cluster/kind/name/part`. */
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
      // Constraints of newer servers arrive as unknown fields; reviewers must see that there are some.
      return (constraints.$unknown ?? NONE).length > 0 ? [{ what: "unknown", values: NONE }] : NONE;
  }
}

function given(
  constraints: readonly (readonly [string, readonly string[]])[],
): readonly ResourceConstraint[] {
  return constraints.filter(([, values]) => values.length > 0)
    .map(([what, values]) => ({ what, values }));
}
