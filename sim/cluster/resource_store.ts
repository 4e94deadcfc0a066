/** The requestable resources of a cluster. */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type PaginatedResource,
  PaginatedResourceSchema,
} from "../../src/teleport/generated/auth_pb.ts";

/** A resource to add. */
export interface NewResource {
  readonly kind: ResourceKind;
  readonly name: string;
  /** Of nodes and desktops. */
  readonly hostname?: string;
  readonly description?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Dynamic labels, whose values are results of commands. */
  readonly dynamic?: Readonly<Record<string, string>>;
}

/** The kinds of resources that can be requested. */
export const RESOURCE_KINDS = [
  "node",
  "app",
  "db",
  "kube_cluster",
  "windows_desktop",
  "user_group",
] as const;
/** A kind of resource that can be requested. */
export type ResourceKind = typeof RESOURCE_KINDS[number];

/** The types of listings, with the kind used in requests. */
const LISTED_AS: ReadonlyMap<string, ResourceKind> = new Map([
  ["node", "node"],
  ["app_server", "app"],
  ["db_server", "db"],
  ["kube_server", "kube_cluster"],
  ["kube_cluster", "kube_cluster"],
  ["windows_desktop", "windows_desktop"],
  ["user_group", "user_group"],
]);

/** The kind used in requests; undefined for a type that cannot be listed. */
export function kindOfType(type: string): ResourceKind | undefined {
  return LISTED_AS.get(type);
}

/** The store of resources. */
export class ResourceStore {
  readonly #resources = new Map<string, NewResource>();

  /** Adds or replaces a resource. */
  set(resource: NewResource): void {
    this.#resources.set(`${resource.kind}/${resource.name}`, resource);
  }

  delete(kind: ResourceKind, name: string): void {
    this.#resources.delete(`${kind}/${name}`);
  }

  /** One resource, by the kind used in requests. */
  find(kind: string, name: string): NewResource | undefined {
    return this.#resources.get(`${kind}/${name}`);
  }

  /** The resources of a type that have all of `labels`, limited to `names` if given, by name. */
  list(
    type: string,
    names: readonly string[] | undefined,
    labels: Readonly<Record<string, string>>,
  ): readonly (readonly [name: string, resource: PaginatedResource])[] {
    const kind = kindOfType(type);
    return [...this.#resources.values()]
      .filter((resource) => resource.kind === kind)
      .filter(({ name }) => names === undefined || names.includes(name))
      .filter((resource) =>
        Object.entries(labels).every(([label, value]) =>
          resource.labels?.[label] === value || resource.dynamic?.[label] === value
        )
      )
      .map((resource) => [resource.name, toMessage(resource, type)]);
  }
}

type Body = NonNullable<MessageInitShape<typeof PaginatedResourceSchema>["resource"]>;

function toMessage(resource: NewResource, type: string): PaginatedResource {
  return create(PaginatedResourceSchema, { resource: body(resource, type) });
}

function body(resource: NewResource, type: string): Body {
  const { name, hostname = "", description = "" } = resource;
  const own = {
    Name: name,
    Namespace: "default",
    Description: description,
    Labels: { ...resource.labels },
  };
  // A server that proxies a resource has its name but not its labels.
  const server = { Metadata: { Name: name, Namespace: "default" }, Version: "v3" };
  const dynamic = Object.fromEntries(
    Object.entries(resource.dynamic ?? {}).map(([label, value]) => [label, {
      Period: 60_000_000_000n,
      Command: ["echo", value],
      Result: value,
    }]),
  );
  const thing = { Version: "v3", Metadata: own, Spec: { DynamicLabels: dynamic } };
  switch (type) {
    case "app_server":
      return {
        case: "AppServer",
        value: { ...server, Kind: "app_server", Spec: { App: { ...thing, Kind: "app" } } },
      };
    case "db_server":
      return {
        case: "DatabaseServer",
        value: { ...server, Kind: "db_server", Spec: { Database: { ...thing, Kind: "db" } } },
      };
    case "kube_server":
      return {
        case: "KubernetesServer",
        value: {
          ...server,
          Kind: "kube_server",
          Spec: { Cluster: { ...thing, Kind: "kube_cluster" } },
        },
      };
    case "kube_cluster":
      return { case: "KubeCluster", value: { ...thing, Kind: "kube_cluster" } };
    case "windows_desktop":
      return {
        case: "WindowsDesktop",
        value: {
          Header: { Kind: "windows_desktop", Version: "v3", Metadata: own },
          Spec: { Addr: hostname },
        },
      };
    case "user_group":
      return {
        case: "UserGroup",
        value: { Header: { Kind: "user_group", Version: "v1", Metadata: own } },
      };
    default:
      return {
        case: "Node",
        value: {
          Kind: "node",
          Version: "v2",
          Metadata: own,
          Spec: { Hostname: hostname, CmdLabels: dynamic },
        },
      };
  }
}
