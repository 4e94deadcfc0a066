/**
 * What it means that a listing lacks a request. Absence is weak evidence: Teleport leaves requests out
 * without an error where a role lacks a verb (teleport-protocol.md §5.2), and the cache of another auth
 * server may lag. So the server is asked about each missing request, and the roles about the listing.
 */

import type { AccessRequest } from "../teleport/access_request/read.ts";
import { ClusterError } from "../teleport/errors.ts";
import { missingVerbs } from "../teleport/permissions.ts";
import type { Cluster } from "./ports.ts";

/** Lookups at the same time. */
const MAX_LOOKUPS = 16;

/** Why a listing may be incomplete. */
export interface ListingDoubt {
  /**
   * - `denied`: the roles lack a verb
   * - `uncertain`: the roles do not tell, and requests are missing
   */
  readonly kind: "denied" | "uncertain";
  readonly reason: string;
}

/** What became of the requests that a listing lacks. */
export interface Absence {
  /** They do not exist any more. */
  readonly gone: ReadonlySet<string>;
  /** They exist: the listing was behind. */
  readonly found: readonly AccessRequest[];
  /** Undefined when the listing is complete. */
  readonly doubt?: ListingDoubt;
}

/** The calls that tell about absence. */
export type AbsenceCalls = Pick<Cluster, "findRequest" | "currentRoles">;

/**
 * Decides about requests that should have been listed. Without doubt each one is either found or gone;
 * in doubt none is gone.
 *
 * @throws {ClusterError} when the cluster cannot be asked
 */
export async function judgeAbsence(
  missing: readonly string[],
  cluster: AbsenceCalls,
  signal: AbortSignal,
): Promise<Absence> {
  const atFirst = await listingRight(cluster, signal);
  if (atFirst.right === "denied") {
    return { gone: new Set(), found: [], doubt: { kind: "denied", reason: atFirst.reason } };
  }
  const answers = await lookUp(missing, cluster, signal);
  const found = [...answers.values()].filter((answer) => typeof answer === "object");
  if (found.length === missing.length) return { gone: new Set(), found };
  const absent = missing.filter((id) => answers.get(id) === "absent");
  if (found.length + absent.length < missing.length) {
    const reason = "the server has no call for a single request";
    return { gone: new Set(), found, doubt: { kind: "uncertain", reason } };
  }
  // Roles may have changed since the listing began.
  const { right, reason } = await listingRight(cluster, signal);
  if (right === "granted") return { gone: new Set(absent), found };
  return { gone: new Set(), found, doubt: { kind: right, reason } };
}

/** Whether the roles let us list every request. */
export type ListingRight =
  | { readonly right: "granted"; readonly reason: "" }
  | { readonly right: ListingDoubt["kind"]; readonly reason: string };

/**
 * Decides from our own roles whether a listing holds every request.
 *
 * @throws {ClusterError} `unavailable` when the cluster cannot be asked
 */
export async function listingRight(
  cluster: Pick<Cluster, "currentRoles">,
  signal: AbortSignal,
): Promise<ListingRight> {
  const uncertain = (reason: string): ListingRight => ({ right: "uncertain", reason });
  let roles: Awaited<ReturnType<Cluster["currentRoles"]>>;
  try {
    roles = await cluster.currentRoles(signal);
  } catch (error) {
    if (!(error instanceof ClusterError) || error.kind === "unavailable") throw error;
    return uncertain(`the roles cannot be read: ${error.message}`);
  }
  if (roles === undefined) return uncertain("the server is too old to tell our roles");
  const { denied, conditional } = missingVerbs(roles, "access_request", ["list", "read"]);
  if (denied.length > 0) {
    const reason = `the roles do not grant ${quoted(denied)} on 'access_request', or deny it`;
    return { right: "denied", reason };
  }
  if (conditional.length === 0) return { right: "granted", reason: "" };
  return uncertain(
    `the roles grant ${quoted(conditional)} on 'access_request' only under a condition ('where')`,
  );
}

function quoted(verbs: readonly string[]): string {
  return verbs.map((verb) => `'${verb}'`).join(" and ");
}

type Answer = Awaited<ReturnType<Cluster["findRequest"]>>;

/** What the server says of each request. */
async function lookUp(
  ids: readonly string[],
  cluster: Pick<Cluster, "findRequest">,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Answer>> {
  const answers = new Map<string, Answer>();
  const left = ids.values();
  const worker = async () => {
    for (const id of left) answers.set(id, await cluster.findRequest(id, signal));
  };
  await Promise.all(Array.from({ length: Math.min(MAX_LOOKUPS, ids.length) }, worker));
  return answers;
}
