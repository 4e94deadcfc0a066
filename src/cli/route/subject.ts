/** The requests that `route` explains, and what is known of them without a cluster. */

import { defined } from "../../optional.ts";
import type { Facts } from "../../routing/condition/facts.ts";
import type { LookupCluster } from "../../routing/lookups.ts";
import type { AccessRequest } from "../../teleport/access_request/read.ts";
import { ClusterError } from "../../teleport/errors.ts";
import type { RouteOptions } from "./options.ts";
import { DocumentError, type Documents, parseTime } from "./documents.ts";

/** The request that the flags describe. */
export function requestOfFlags(options: RouteOptions, nowMs: number): AccessRequest {
  const resources = (options.resources ?? []).map((path) => {
    const [, kind = "", name = ""] = /^([^/]+)\/(.+)$/.exec(path) ?? [];
    if (kind === "") throw new DocumentError(`--resource must be kind/name, it is '${path}'`);
    return { cluster: "", kind, name, part: "", constraints: [] };
  });
  // Labels are those of something.
  const unnamed = { cluster: "", kind: "node", name: "", part: "", constraints: [] };
  return {
    id: "",
    user: options.user ?? "",
    roles: options.roles,
    state: "PENDING",
    createdMs: nowMs,
    reason: options.reason ?? "",
    resolveReason: "",
    reviews: [],
    suggestedReviewers: options.reviewers,
    resources: resources.length === 0 && options.labels !== undefined ? [unnamed] : resources,
    thresholds: [],
    roleThresholds: new Map(),
    systemAnnotations: new Map(),
  };
}

/** The request as if it had been made at the time of `--at`. */
export function madeAt(request: AccessRequest, at: string | undefined): AccessRequest {
  if (at === undefined) return request;
  const ns = parseTime(at);
  if (ns === undefined) {
    throw new DocumentError(`--at must be a time such as 2025-08-11T14:30:00Z, it is '${at}'`);
  }
  return { ...request, createdNs: ns };
}

/** `key=value` pairs, a key with any number of values. */
export function pairs(flag: string, texts: readonly string[]): ReadonlyMap<string, string[]> {
  const map = new Map<string, string[]>();
  for (const text of texts) {
    const [, key = "", value = ""] = /^([^=]+)=([^]*)$/.exec(text) ?? [];
    if (key === "") throw new DocumentError(`--${flag} must be key=value, it is '${text}'`);
    map.set(key, [...map.get(key) ?? [], value]);
  }
  return map;
}

/** What flags and documents say comes before what the cluster says, which may not be asked. */
export function lookups(
  options: RouteOptions,
  documents: Documents,
  cluster: LookupCluster | undefined,
): LookupCluster {
  const traits = pairs("trait", options.traits ?? []);
  const given = pairs("label", options.labels ?? []);
  const labels = new Map([...given].map(([key, values]) => [key, values.at(-1)!]));
  const hasDocuments = documents.resources.length > 0;
  return {
    readTraits: (user, signal) => {
      const known = traits.size > 0 ? traits : traitsIn(documents, user);
      if (known !== undefined) return Promise.resolve(known);
      return cluster?.readTraits(user, signal) ??
        unknown("no --trait, and no user or user_login_state document for the requester");
    },
    listResources: (kind, names, signal) => {
      if (labels.size > 0) return Promise.resolve(names.map((name) => ({ name, labels })));
      if (hasDocuments) {
        const { resources } = documents;
        return Promise.resolve(
          resources.filter((one) => one.kind === kind && names.includes(one.name)),
        );
      }
      return cluster?.listResources(kind, names, signal) ??
        unknown("no --label, and no documents of the requested resources");
    },
    listAccessListOwners: (name, signal) =>
      cluster?.listAccessListOwners(name, signal) ??
        unknown("the owners of an access list are known to the cluster alone"),
  };
}

/** A login state hides the traits of the user. */
function traitsIn(
  { loginStates, users }: Documents,
  name: string,
): Exclude<Facts["traits"], { readonly unavailable: string }> | undefined {
  const of = (list: Documents["users"]) => list.find(({ user }) => user === name)?.traits;
  return of(loginStates) ?? of(users);
}

/** A lookup that no second attempt makes better. */
function unknown(reason: string): Promise<never> {
  return Promise.reject(new ClusterError("not-found", reason));
}

/** An empty set of documents. */
export const NO_DOCUMENTS: Documents = {
  requests: [],
  rules: [],
  users: [],
  loginStates: [],
  resources: [],
  ignored: [],
};

/** The documents of several files together. */
export function joined(...all: readonly Documents[]): Documents {
  return defined({
    requests: all.flatMap(({ requests }) => requests),
    rules: all.flatMap(({ rules }) => rules),
    users: all.flatMap(({ users }) => users),
    loginStates: all.flatMap(({ loginStates }) => loginStates),
    resources: all.flatMap(({ resources }) => resources),
    ignored: all.flatMap(({ ignored }) => ignored),
  });
}
