/** Filters and pages listings (teleport-protocol.md §5.2). */

import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  AccessRequestSort,
  type ListAccessRequestsRequest,
} from "../../src/teleport/generated/auth_pb.ts";
import {
  type AccessRequestFilter,
  AccessRequestScope,
  type AccessRequestV3,
  RequestState,
} from "../../src/teleport/generated/types_pb.ts";
import { ClusterError } from "./cluster_error.ts";

const DEFAULT_PAGE = 1000;
const MAX_PAGE = 16_000;

/** Whether a request matches the filter of `caller`. */
export function matches(
  filter: AccessRequestFilter | undefined,
  request: AccessRequestV3,
  caller: string,
): boolean {
  const { Metadata: metadata, Spec: spec } = request;
  if (!filter || !metadata || !spec) return true;
  if (filter.ID !== "" && filter.ID !== metadata.Name) return false;
  if (filter.User !== "" && filter.User !== spec.User) return false;
  if (filter.State !== RequestState.NONE && filter.State !== spec.State) return false;
  const text = [metadata.Name, spec.User, spec.RequestReason, ...spec.Roles].join("\n")
    .toLowerCase();
  if (!filter.SearchKeywords.every((word) => text.includes(word.toLowerCase()))) return false;
  const reviewed = spec.Reviews.some((review) => review.Author === caller);
  switch (filter.Scope) {
    case AccessRequestScope.MY_REQUESTS:
      return spec.User === caller;
    case AccessRequestScope.NEEDS_REVIEW:
      return spec.User !== caller && !reviewed && spec.State === RequestState.PENDING;
    case AccessRequestScope.REVIEWED:
      return reviewed;
    default:
      return true;
  }
}

/** One page of requests, and the key of the next page ("" = last page). */
export function page(
  requests: readonly AccessRequestV3[],
  query: ListAccessRequestsRequest,
): { readonly items: readonly AccessRequestV3[]; readonly nextKey: string } {
  if (query.Limit > MAX_PAGE) {
    throw new ClusterError("INVALID_ARGUMENT", `page size of ${query.Limit} is too large`);
  }
  const direction = query.Descending ? -1 : 1;
  const keyed = requests.map((request) => ({ key: sortKey(request, query.Sort), request }))
    .sort((a, b) => compare(a.key, b.key) * direction);
  const found = query.StartKey === ""
    ? 0
    : keyed.findIndex(({ key }) => compare(key, query.StartKey) * direction >= 0);
  const start = found === -1 ? keyed.length : found;
  const end = start + (query.Limit > 0 ? query.Limit : DEFAULT_PAGE);
  return {
    items: keyed.slice(start, end).map(({ request }) => request),
    nextKey: keyed[end]?.key ?? "",
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sortKey({ Metadata: metadata, Spec: spec }: AccessRequestV3, sort: AccessRequestSort) {
  const id = metadata?.Name ?? "";
  switch (sort) {
    case AccessRequestSort.CREATED:
      return `${spec?.Created ? timestampDate(spec.Created).toISOString() : ""}/${id}`;
    case AccessRequestSort.STATE:
      return `${RequestState[spec?.State ?? RequestState.NONE]}/${id}`;
    case AccessRequestSort.USER:
      return `${spec?.User ?? ""}/${id}`;
    default:
      return id;
  }
}

/** A page of a listing by name: at most `size` items from the name `start`, "" = the first. */
export function pageByName<T>(
  items: readonly (readonly [name: string, item: T])[],
  start: string,
  size: number,
): { readonly items: readonly T[]; readonly next: string } {
  const rest = items.filter(([name]) => name >= start)
    .sort(([a], [b]) => compare(a, b));
  return { items: rest.slice(0, size).map(([, item]) => item), next: rest[size]?.[0] ?? "" };
}

/** The size of a page: as requested, 0 = the server's default, at most `max`. */
export function pageSize(asked: number, max: number): number {
  return asked > 0 ? Math.min(asked, max) : max;
}
