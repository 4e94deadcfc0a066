/** Names and labels of resources, converted from Teleport's messages. */

import type { PaginatedResource } from "../generated/auth_pb.ts";
import type { CommandLabelV2 } from "../generated/resources_pb.ts";
import type { Metadata } from "../generated/types_pb.ts";

/** A resource of the cluster. */
export interface Resource {
  /** As requests name it: `app` and not `app_server`. */
  readonly kind: string;
  /** Metadata.Name, as requests name it. */
  readonly name: string;
  /** The display name; absent when it equals `name`. */
  readonly friendlyName?: string;
  /** Static labels, and dynamic labels with the last result of their command. */
  readonly labels: ReadonlyMap<string, string>;
}

/** The part that all resources have in common. */
interface Described {
  readonly kind: string;
  readonly metadata: Metadata | undefined;
  readonly dynamic?: { readonly [label: string]: CommandLabelV2 } | undefined;
  readonly hostname?: string | undefined;
}

const ORIGIN = "teleport.dev/origin";
/** Labels with the display name of an Okta resource; the first that is set wins. */
const OKTA_NAMES = [
  "teleport.internal/okta-app-name",
  "teleport.internal/okta-group-name",
  "teleport.internal/okta-role-name",
];

/** Converts a resource; undefined for kinds that cannot be requested or that are unknown. */
export function readResource({ resource }: PaginatedResource): Resource | undefined {
  const described = describe(resource);
  const name = described?.metadata?.Name ?? "";
  if (described === undefined || name === "") return undefined;
  const { kind, metadata, dynamic = {}, hostname } = described;
  const labels = new Map(Object.entries(metadata?.Labels ?? {}));
  for (const [label, { Result: result }] of Object.entries(dynamic)) labels.set(label, result);
  const friendlyName = friendlyNameOf(labels, metadata?.Description ?? "", hostname ?? "");
  return friendlyName === undefined || friendlyName === name
    ? { kind, name, labels }
    : { kind, name, friendlyName, labels };
}

/** The display name by Teleport's own rules (`GetFriendlyName` of its types). */
function friendlyNameOf(
  labels: ReadonlyMap<string, string>,
  description: string,
  hostname: string,
): string | undefined {
  if (labels.get(ORIGIN) !== "okta") return hostname || undefined;
  const names = OKTA_NAMES.map((label) => labels.get(label) ?? "");
  return [...names, description].find((name) => name !== "");
}

/** Unwraps apps, databases and Kubernetes clusters, which are listed as the servers that proxy them. */
function describe(resource: PaginatedResource["resource"]): Described | undefined {
  switch (resource.case) {
    case "Node": {
      const { Metadata: metadata, Spec: spec } = resource.value;
      return { kind: "node", metadata, dynamic: spec?.CmdLabels, hostname: spec?.Hostname };
    }
    case "AppServer": {
      const app = resource.value.Spec?.App;
      return { kind: "app", metadata: app?.Metadata, dynamic: app?.Spec?.DynamicLabels };
    }
    case "DatabaseServer": {
      const db = resource.value.Spec?.Database;
      return { kind: "db", metadata: db?.Metadata, dynamic: db?.Spec?.DynamicLabels };
    }
    case "KubernetesServer":
      return kubeCluster(resource.value.Spec?.Cluster);
    case "KubeCluster":
      return kubeCluster(resource.value);
    case "WindowsDesktop":
      return { kind: "windows_desktop", metadata: resource.value.Header?.Metadata };
    case "UserGroup":
      return { kind: "user_group", metadata: resource.value.Header?.Metadata };
    case undefined:
      return undefined;
  }
}

function kubeCluster(
  cluster: Extract<PaginatedResource["resource"], { case: "KubeCluster" }>["value"] | undefined,
): Described {
  const { Metadata: metadata, Spec: spec } = cluster ?? {};
  return { kind: "kube_cluster", metadata, dynamic: spec?.DynamicLabels };
}
