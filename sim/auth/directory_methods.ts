/** The methods for users, resources and access lists. */

import { create } from "@bufbuild/protobuf";
import {
  GetAccessListOwnersResponseSchema,
  ListAccessListsResponseSchema,
} from "../../src/teleport/generated/access_list_pb.ts";
import { ListResourcesResponseSchema } from "../../src/teleport/generated/auth_pb.ts";
import { type UserV2, UserV2Schema } from "../../src/teleport/generated/types_pb.ts";
import { UserLoginStateSchema } from "../../src/teleport/generated/user_login_state_pb.ts";
import { GetUserResponseSchema } from "../../src/teleport/generated/users_pb.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { kindOfType } from "../cluster/resource_store.ts";
import type { Traits } from "../cluster/user_store.ts";
import { ClusterError } from "./cluster_error.ts";
import type { Handlers, MethodName } from "./grpc_service.ts";
import { pageByName, pageSize } from "./listing.ts";
import type { AuthHost, CallContext } from "./host.ts";

type DirectoryMethods = Pick<
  Handlers<CallContext>,
  | "GetUser"
  | "ListResources"
  | Extract<
    MethodName,
    `${"UserLoginStateService" | "UsersService" | "AccessListService"}.${string}`
  >
>;

/** Implements the methods on a cluster. */
export function directoryMethods(cluster: Cluster, host: AuthHost): DirectoryMethods {
  const { users, resources, accessLists, roles } = cluster;

  const readUser = (name: string, caller: CallContext): UserV2 => {
    roles.require(caller, "read", "user");
    const user = users.find("user", name);
    const traits = Object.entries(user.staticTraits ?? user.traits ?? {});
    return create(UserV2Schema, {
      Kind: "user",
      Version: "v2",
      Metadata: { Name: name, Namespace: "default" },
      Spec: {
        Roles: [...user.roles ?? []],
        Traits: {
          Values: Object.fromEntries(traits.map(([key, values]) => [key, { Values: [...values] }])),
        },
      },
    });
  };

  /** Access lists are Enterprise's. */
  const requireAccessLists = (caller: CallContext) => {
    if (!host.advancedAccessWorkflows) {
      const message = "unknown service teleport.accesslist.v1.AccessListService";
      throw new ClusterError("UNIMPLEMENTED", message);
    }
    roles.require(caller, "list", "access_list");
    roles.require(caller, "read", "access_list");
  };

  return {
    GetUser: ({ Name: name }, caller) => readUser(name, caller),

    "UsersService.GetUser": ({ name }, caller) =>
      create(GetUserResponseSchema, { user: readUser(name, caller) }),

    "UserLoginStateService.GetUserLoginState": ({ name }, caller) => {
      roles.require(caller, "read", "user_login_state");
      const user = users.find("user_login_state", name);
      return create(UserLoginStateSchema, {
        header: {
          kind: "user_login_state",
          version: "v1",
          metadata: { name, namespace: "default" },
        },
        spec: {
          roles: [...user.roles ?? []],
          traits: traitList(user.traits),
          userType: "local",
          originalTraits: traitList(user.staticTraits),
        },
      });
    },

    ListResources: (query, caller) => {
      const { ResourceType: type, UsePreviewAsRoles: preview } = query;
      const kind = kindOfType(type);
      if (kind === undefined) {
        const message = `resource type ${type} does not support pagination`;
        throw new ClusterError("UNIMPLEMENTED", message);
      }
      if (query.Limit <= 0) {
        throw new ClusterError("INVALID_ARGUMENT", "nonpositive parameter limit");
      }
      const names = namesOf(query.PredicateExpression);
      if (preview && !roles.allows(caller, kind, "list", { preview })) {
        const message = `access denied to perform action "list" on "${type}"`;
        throw new ClusterError("PERMISSION_DENIED", message);
      }
      // Without preview_as_roles a plugin's role sees no resource, although the call succeeds.
      const found = roles.allows(caller, kind, "list", { preview })
        ? resources.list(type, names, query.Labels)
        : [];
      const size = pageSize(query.Limit, host.maxPageSize);
      const { items, next } = pageByName(found, query.StartKey, size);
      return create(ListResourcesResponseSchema, {
        Resources: [...items],
        NextKey: next,
        TotalCount: query.NeedTotalCount ? found.length : 0,
      });
    },

    "AccessListService.ListAccessLists": (query, caller) => {
      requireAccessLists(caller);
      const size = pageSize(query.pageSize, host.maxPageSize);
      const { items, next } = pageByName(accessLists.list(), query.nextToken, size);
      return create(ListAccessListsResponseSchema, { accessLists: [...items], nextToken: next });
    },

    "AccessListService.GetAccessListOwners": ({ accessList }, caller) => {
      requireAccessLists(caller);
      const owners = [...accessLists.owners(accessList)];
      return create(GetAccessListOwnersResponseSchema, { owners });
    },
  };
}

function traitList(traits: Traits = {}) {
  return Object.entries(traits).map(([key, values]) => ({ key, values: [...values] }));
}

const NAME_TEST = /^\s*(?:resource\.metadata\.name|name)\s*==\s*("(?:[^"\\]|\\.)*")\s*(?:\|\||$)/;

/** Parses the names of `name == "a" || name == "b"`, the only supported form of predicate. */
function namesOf(predicate: string): readonly string[] | undefined {
  if (predicate === "") return undefined;
  const names: string[] = [];
  for (let rest = predicate; rest !== "";) {
    const [test = "", quoted] = NAME_TEST.exec(rest) ?? [];
    if (quoted === undefined) {
      const message = `failed to parse predicate expression: "${predicate}"`;
      throw new ClusterError("INVALID_ARGUMENT", message);
    }
    names.push(JSON.parse(quoted));
    rest = rest.slice(test.length);
  }
  return names;
}
