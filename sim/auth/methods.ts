/**
 * The methods of the auth service, with the permissions that each needs
 * (teleport-protocol.md §5).
 */

import { create } from "@bufbuild/protobuf";
import { EmptySchema, timestampDate } from "@bufbuild/protobuf/wkt";
import {
  ListAccessRequestsResponseSchema,
  PingResponseSchema,
  PluginDataSeqSchema,
} from "../../src/teleport/generated/auth_pb.ts";
import {
  type AccessRequestFilter,
  type AccessRequestSpecV3,
  type AccessRequestV3,
  type AccessReviewSubmission,
  ThresholdIndexSetsSchema,
} from "../../src/teleport/generated/types_pb.ts";
import { isUnset, ZERO_TIME } from "./access_request.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { ClusterError } from "./cluster_error.ts";
import { directoryMethods } from "./directory_methods.ts";
import type { Handlers } from "./grpc_service.ts";
import type { AuthHost, CallContext } from "./host.ts";
import { matches, page } from "./listing.ts";
import { ACCESS_PLUGIN_DATA, ACCESS_REQUEST, type Caller } from "./rbac.ts";
import { ruleMethods } from "./rule_methods.ts";
import { confirmKinds } from "./watchers.ts";

/** Implements the methods on a cluster. */
export function authMethods(cluster: Cluster, host: AuthHost): Handlers<CallContext> {
  const { roles } = cluster;

  return {
    ...ruleMethods(cluster, host),
    ...directoryMethods(cluster, host),

    Ping: (_request, context) =>
      create(PingResponseSchema, {
        ClusterName: cluster.name,
        ServerVersion: host.serverVersion,
        ServerFeatures: { AdvancedAccessWorkflows: host.advancedAccessWorkflows },
        ProxyPublicAddr: host.proxyPublicAddr,
        RemoteAddr: context.remoteAddr,
      }),

    WatchEvents: (request, caller, sink) => {
      const kinds = confirmKinds(request, (kind) => {
        // Every user may watch their own requests.
        const isOwn = kind.Kind === ACCESS_REQUEST && kind.Filter["user"] === caller.user;
        if (!isOwn) roles.require(caller, "read", kind.Kind);
      }, host.isOld);
      host.watch(kinds, sink);
    },

    GetAccessRequestsV2: (filter, caller, sink) => {
      const requests = visible(cluster, cluster.list(), caller, filter);
      for (const request of requests) sink.send(request);
      sink.end();
    },

    ListAccessRequests: (query, caller) => {
      // A single request is read from the backend.
      const requests = query.Filter?.ID ? cluster.list() : host.cache.list();
      const { items, nextKey } = page(visible(cluster, requests, caller, query.Filter), query);
      return create(ListAccessRequestsResponseSchema, {
        AccessRequests: [...items],
        NextKey: nextKey,
      });
    },

    GetPluginData: (filter, caller) => {
      roles.require(caller, "list", ACCESS_REQUEST, ACCESS_PLUGIN_DATA);
      roles.require(caller, "read", ACCESS_REQUEST, ACCESS_PLUGIN_DATA);
      return create(PluginDataSeqSchema, { PluginData: cluster.pluginData.get(filter) });
    },

    UpdatePluginData: (params, caller) => {
      roles.require(caller, "update", ACCESS_REQUEST, ACCESS_PLUGIN_DATA);
      cluster.pluginData.update(params);
      return create(EmptySchema);
    },

    CreateAccessRequestV2: (request, caller) => {
      if (request.Spec?.User !== caller.user) roles.require(caller, "create", ACCESS_REQUEST);
      return cluster.add(withGoTimes(request, cluster));
    },

    SetAccessRequestState: (setter, caller) => {
      roles.require(caller, "update", ACCESS_REQUEST);
      cluster.setState(setter.ID, setter.State, {
        reason: setter.Reason,
        roles: setter.Roles,
        ...setter.Annotations && { annotations: setter.Annotations },
        ...setter.AssumeStartTime && { assumeStartTime: setter.AssumeStartTime },
      });
      return create(EmptySchema);
    },

    SubmitAccessReview: (submission, caller) => submitReview(cluster, caller, submission),

    GetCurrentUserRoles: (_request, caller, sink) => {
      for (const role of roles.messages(caller)) sink.send(role);
      sink.end();
    },

    DeleteAccessRequest: (request, caller) => {
      roles.require(caller, "delete", ACCESS_REQUEST);
      cluster.delete(request.ID);
      return create(EmptySchema);
    },
  };
}

/**
 * Without list and read, the answer silently omits requests that do not concern the caller
 * (teleport-protocol.md §5.2).
 */
function visible(
  cluster: Cluster,
  requests: readonly AccessRequestV3[],
  caller: Caller,
  filter: AccessRequestFilter | undefined,
): AccessRequestV3[] {
  const may = (verb: "list" | "read" | "review") =>
    cluster.roles.allows(caller, ACCESS_REQUEST, verb);
  const seesAll = (may("list") && may("read")) || may("review");
  return requests.filter((request) =>
    (seesAll || request.Spec?.User === caller.user) && matches(filter, request, caller.user)
  );
}

/** A role without a mapping accepts any threshold. */
function mapThresholds(spec: AccessRequestSpecV3): AccessRequestSpecV3["RoleThresholdMapping"] {
  const { Roles: roles, Thresholds: thresholds, RoleThresholdMapping: mapping } = spec;
  if (thresholds.length === 0 || Object.keys(mapping).length > 0) return mapping;
  const all = create(ThresholdIndexSetsSchema, {
    Sets: [{ Indexes: thresholds.map((_, index) => index) }],
  });
  return Object.fromEntries(roles.map((role) => [role, all]));
}

/** Fills in the fields that the server sets in a submitted request. */
function withGoTimes(request: AccessRequestV3, cluster: Cluster): AccessRequestV3 {
  const template = cluster.draft({
    ...request.Metadata?.Name && { id: request.Metadata.Name },
    user: request.Spec?.User ?? "",
    roles: request.Spec?.Roles ?? [],
  });
  const { Metadata: metadata, Spec: spec } = template;
  if (!metadata || !spec || !request.Spec) return template;
  const given = request.Spec;
  Object.assign(spec, given, {
    State: spec.State,
    Created: isUnset(given.Created) ? spec.Created : given.Created,
    Expires: isUnset(given.Expires) ? spec.Expires : given.Expires,
    MaxDuration: given.MaxDuration ?? ZERO_TIME,
    SessionTTL: given.SessionTTL ?? ZERO_TIME,
    ResolveAnnotations: given.ResolveAnnotations ?? spec.ResolveAnnotations,
    SystemAnnotations: given.SystemAnnotations ?? spec.SystemAnnotations,
    RoleThresholdMapping: mapThresholds(given),
  });
  if (request.Metadata?.Expires && !isUnset(request.Metadata.Expires)) {
    metadata.Expires = request.Metadata.Expires;
  }
  return template;
}

function submitReview(
  cluster: Cluster,
  caller: Caller,
  { RequestID: id, Review: review }: AccessReviewSubmission,
): AccessRequestV3 {
  const author = review?.Author || caller.user;
  const deny = (message: string) => new ClusterError("PERMISSION_DENIED", message);
  if (author !== caller.user) {
    throw deny(`user "${caller.user}" cannot submit reviews on behalf of "${author}"`);
  }
  if (!cluster.roles.allows(caller, ACCESS_REQUEST, "review")) {
    throw deny(`user "${caller.user}" cannot submit reviews`);
  }
  if (cluster.get(id)?.Spec?.User === caller.user) {
    throw deny(`user "${caller.user}" cannot review request "${id}"`);
  }
  return cluster.review(id, {
    author,
    state: review?.ProposedState ?? 0,
    reason: review?.Reason ?? "",
    ...review?.accessList && {
      accessList: { name: review.accessList.Name, title: review.accessList.Title },
    },
    ...review?.AssumeStartTime && { assumeStart: timestampDate(review.AssumeStartTime) },
    ...review?.SubmittedBy && { submittedBy: review.SubmittedBy },
  });
}
