/** The access requests as the page shows them; unlike the cluster, it also remembers those that ended. */

import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import {
  AccessRequestKind,
  type AccessRequestSpecV3,
  type AccessRequestV3,
  RequestState,
  type ResourceID,
  WatchKindSchema,
} from "../../../src/teleport/generated/types_pb.ts";
import { isUnset } from "../../auth/access_request.ts";
import { ACCESS_REQUEST } from "../../auth/rbac.ts";
import type { Cluster } from "../../cluster/cluster.ts";

/** One request; times are RFC 3339. */
export interface RequestView {
  readonly id: string;
  readonly user: string;
  readonly roles: readonly string[];
  readonly resources: readonly string[];
  readonly reason: string;
  /** `EXPIRED` when it was deleted before a decision. */
  readonly state: keyof typeof RequestState | "EXPIRED";
  readonly created: string | undefined;
  readonly decideBefore: string | undefined;
  readonly isLongTerm: boolean;
  /** Approvals so far, and needed ones; 0 = reviews decide nothing. */
  readonly approvals: number;
  readonly approvalsNeeded: number;
  readonly reviews: readonly { author: string; state: string; reason: string }[];
  readonly decisionReason: string;
  /** Title of the access list that the request was promoted to. */
  readonly accessList: string | undefined;
}

const MAX_REQUESTS = 200;

/** Follows the requests of a cluster. */
export class Requests implements Disposable {
  readonly #views = new Map<string, RequestView>();
  readonly #unsubscribe: () => void;

  constructor(
    private readonly cluster: Cluster,
    private readonly changed: (view: RequestView) => void,
  ) {
    for (const request of cluster.list()) this.#put(viewOf(request, cluster));
    const kinds = [create(WatchKindSchema, { Kind: ACCESS_REQUEST })];
    this.#unsubscribe = cluster.watchers.subscribe(kinds, ({ Resource: resource }) => {
      if (resource.case === "AccessRequest") this.#put(viewOf(resource.value, this.cluster));
      else if (resource.case === "ResourceHeader") this.#ended(resource.value.Metadata?.Name ?? "");
    });
  }

  /** The newest requests, in the order of their creation. */
  get views(): readonly RequestView[] {
    return [...this.#views.values()];
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
  }

  #put(view: RequestView): void {
    this.#views.set(view.id, view);
    const [oldest = ""] = this.#views.keys();
    if (this.#views.size > MAX_REQUESTS) this.#views.delete(oldest);
    this.changed(view);
  }

  #ended(id: string): void {
    const view = this.#views.get(id);
    if (view?.state === "PENDING") this.#put({ ...view, state: "EXPIRED" });
  }
}

function viewOf(
  { Metadata: metadata, Spec: spec }: AccessRequestV3,
  cluster: Cluster,
): RequestView {
  const { Reviews: reviews = [], Thresholds: thresholds = [] } = spec ?? {};
  return {
    id: metadata?.Name ?? "",
    user: spec?.User ?? "",
    roles: spec?.Roles ?? [],
    resources: spec === undefined ? [] : resourcesOf(spec, cluster),
    reason: spec?.RequestReason ?? "",
    state: RequestState[spec?.State ?? 0] as keyof typeof RequestState,
    created: timeOf(spec?.Created),
    decideBefore: timeOf(metadata?.Expires),
    isLongTerm: spec?.RequestKind === AccessRequestKind.LONG_TERM,
    approvals: reviews.filter((review) => review.ProposedState === RequestState.APPROVED).length,
    approvalsNeeded: Math.max(0, ...thresholds.map(({ Approve: approve }) => approve)),
    reviews: reviews.map((review) => ({
      author: review.Author,
      state: RequestState[review.ProposedState] ?? "",
      reason: review.Reason,
    })),
    decisionReason: spec?.ResolveReason ?? "",
    accessList: spec?.accessList?.Title,
  };
}

function resourcesOf(spec: AccessRequestSpecV3, cluster: Cluster): string[] {
  const constrained = spec.RequestedResourceAccessIDs.map(({ id }) => id);
  const ids = [...spec.RequestedResourceIDs, ...constrained];
  return [...new Set(ids.map((id) => id === undefined ? "" : nameOf(id, cluster)))];
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  node: "server",
  db: "database",
  "kube_cluster": "Kubernetes cluster",
  "windows_desktop": "desktop",
};

/** Kind, and the name that people know. */
function nameOf({ Kind: kind, Name: name }: ResourceID, { resources }: Cluster): string {
  return `${KIND_NAMES[kind] ?? kind} ${resources.find(kind, name)?.hostname ?? name}`;
}

function timeOf(time: Timestamp | undefined): string | undefined {
  return time === undefined || isUnset(time) ? undefined : timestampDate(time).toISOString();
}
