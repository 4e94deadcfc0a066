/** Looks up what rules and routes need beside the request: traits, labels, owners of access lists. */

import { pause } from "../clock.ts";
import { defined } from "../optional.ts";
import type { Runtime } from "../runtime.ts";
import { reasonOf } from "../text.ts";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import type { Traits } from "../teleport/calls/users.ts";
import { ClusterError } from "../teleport/errors.ts";
import type { Resource } from "../teleport/resources/resource.ts";
import type { Facts, Unavailable } from "./condition/facts.ts";
import type { Notice } from "./router.ts";

/** The calls that look something up; they reject with `ClusterError`. */
export interface LookupCluster {
  /** The traits of a user; undefined when the cluster does not know the user. */
  readTraits(user: string, signal: AbortSignal): Promise<Traits | undefined>;
  /** The existing resources of a kind with one of these names; some are listed twice. */
  listResources(
    kind: string,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Pick<Resource, "name" | "labels">[]>;
  /** The user names of an access list's owners. */
  listAccessListOwners(accessList: string, signal: AbortSignal): Promise<readonly string[]>;
}

/** The lookups that some rule or route needs. */
export interface Needs {
  readonly traits: boolean;
  readonly labels: boolean;
  readonly accessListOwners: boolean;
}

export interface Looked extends Pick<Facts, "traits" | "resources"> {
  /** Absent when they are not needed, or not known yet. */
  readonly accessListOwners?: readonly string[] | Unavailable;
  readonly notices: readonly Notice[];
}

export interface LookupDeps extends Pick<Runtime, "clock"> {
  readonly cluster: LookupCluster;
}

/** Subjects of notices that apply to every request. */
const TRAITS = {};
const LABELS = {};

/** Delays between attempts of a lookup: a failure of a moment must not change the recipients. */
const PAUSES_MS = [200, 1000];

/** Makes the needed lookups concurrently. A failed lookup gives `unavailable`. Never rejects. */
export async function lookUp(
  request: Pick<AccessRequest, "user" | "resources" | "accessList">,
  needs: Needs,
  deps: LookupDeps,
  signal: AbortSignal,
): Promise<Looked> {
  const notices: Notice[] = [];
  const { accessList } = request;
  const needsOwners = needs.accessListOwners && accessList !== undefined;
  const [traits, resources, accessListOwners] = await Promise.all([
    needs.traits ? lookUpTraits(request.user, deps, notices, signal) : new Map<string, string[]>(),
    needs.labels ? lookUpLabels(request.resources, deps, notices, signal) : [],
    needsOwners ? lookUpOwners(accessList.name, deps, notices, signal) : undefined,
  ]);
  return { traits, resources, ...defined({ accessListOwners }), notices };
}

async function lookUpTraits(
  user: string,
  { cluster, clock }: LookupDeps,
  notices: Notice[],
  signal: AbortSignal,
): Promise<Looked["traits"]> {
  try {
    const traits = await persist(() => cluster.readTraits(user, signal), clock, signal);
    if (traits !== undefined) return traits;
    throw new ClusterError("not-found", `the cluster has no user '${user}'`);
  } catch (error) {
    if (isDenied(error)) {
      // As in the original: the rules go on, with a requester who has no traits.
      notices.push({
        message:
          'Missing permissions to read user.traits, please use the preset "access-plugin" role',
        fields: { error },
        about: TRAITS,
      });
      return new Map();
    }
    notices.push({
      message: "Failed to look up the traits of the requester, conditions that read them fail",
      fields: { error },
    });
    return { unavailable: reasonOf(error) };
  }
}

/** One map of labels for each resource; none for resources that no longer exist. */
async function lookUpLabels(
  resources: AccessRequest["resources"],
  deps: LookupDeps,
  notices: Notice[],
  signal: AbortSignal,
): Promise<Looked["resources"]> {
  const byKind = Map.groupBy(resources, ({ kind }) => kind);
  const found = await Promise.all([...byKind].map(async ([kind, ofKind]) => {
    const names = [...new Set(ofKind.map(({ name }) => name))];
    return await labelsOfKind(kind, names, deps, notices, signal);
  }));
  const failed = found.find((one) => "unavailable" in one);
  if (failed !== undefined && "unavailable" in failed) return failed;
  return found.flatMap((one) => "unavailable" in one ? [] : one);
}

async function labelsOfKind(
  kind: string,
  names: readonly string[],
  { cluster, clock }: LookupDeps,
  notices: Notice[],
  signal: AbortSignal,
): Promise<readonly ReadonlyMap<string, string>[] | Unavailable> {
  try {
    const list = () => cluster.listResources(kind, names, signal);
    const found = await persist(list, clock, signal);
    return [...new Map(found.map(({ name, labels }) => [name, labels])).values()];
  } catch (error) {
    if (isDenied(error)) {
      // Without labels they are in no intersection, and the labels of the others still count.
      notices.push({
        message:
          "Missing permissions to list requested resources, they are treated as having no labels",
        fields: { kind, error },
        about: LABELS,
      });
      return names.map(() => new Map());
    }
    notices.push({
      message: "Failed to look up labels of requested resources, conditions that read them fail",
      fields: { kind, error },
    });
    return { unavailable: reasonOf(error) };
  }
}

async function lookUpOwners(
  accessList: string,
  deps: LookupDeps,
  notices: Notice[],
  signal: AbortSignal,
): Promise<readonly string[] | Unavailable> {
  try {
    return await listOwners(accessList, deps, signal);
  } catch (error) {
    notices.push(ownersNotice(accessList, error));
    return { unavailable: reasonOf(error) };
  }
}

/**
 * The user names of an access list's owners.
 *
 * @throws {ClusterError} after three attempts, when the cluster does not tell
 */
export async function listOwners(
  accessList: string,
  { cluster, clock }: LookupDeps,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return await persist(() => cluster.listAccessListOwners(accessList, signal), clock, signal);
}

/** The warning about owners that could not be looked up. */
export function ownersNotice(accessList: string, error: unknown): Notice {
  return {
    message: "Failed to look up the owners of an access list, they get no email",
    fields: { access_list: accessList, error },
  };
}

/** Retries a call after transient errors. */
async function persist<T>(
  call: () => Promise<T>,
  clock: Runtime["clock"],
  signal: AbortSignal,
): Promise<T> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await call();
    } catch (error) {
      const mayGoBetter = error instanceof ClusterError && error.isTransient;
      if (!mayGoBetter || signal.aborted) throw error;
      await pause(clock, pauseMs, signal);
    }
  }
  return await call();
}

function isDenied(error: unknown): boolean {
  return error instanceof ClusterError && error.kind === "denied";
}
