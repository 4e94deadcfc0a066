/** The methods of the access monitoring rules service. */

import { create } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { ListAccessMonitoringRulesResponseSchema } from "../../src/teleport/generated/access_monitoring_rules_pb.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { noSuchRule, type RuleFilter } from "../cluster/rule_store.ts";
import { ClusterError } from "./cluster_error.ts";
import type { Handlers, MethodName } from "./grpc_service.ts";
import { pageByName, pageSize } from "./listing.ts";
import type { AuthHost, CallContext } from "./host.ts";
import { ACCESS_MONITORING_RULE, type Verb } from "./rbac.ts";

type RuleMethods = Pick<
  Handlers<CallContext>,
  Extract<MethodName, `AccessMonitoringRulesService.${string}`>
>;

/** Implements the methods on a cluster. */
export function ruleMethods({ rules, roles }: Cluster, host: AuthHost): RuleMethods {
  const may = (caller: CallContext, ...verbs: readonly Verb[]) =>
    verbs.forEach((verb) => roles.require(caller, verb, ACCESS_MONITORING_RULE));
  const list = (
    caller: CallContext,
    { pageSize: asked, pageToken }: { readonly pageSize: bigint; readonly pageToken: string },
    filter?: RuleFilter,
  ) => {
    may(caller, "list", "read");
    const named = rules.list(filter).map((rule) => [rule.metadata?.name ?? "", rule] as const);
    const { items, next } = pageByName(named, pageToken, pageSize(Number(asked), host.maxPageSize));
    return create(ListAccessMonitoringRulesResponseSchema, {
      rules: [...items],
      nextPageToken: next,
    });
  };

  return {
    "AccessMonitoringRulesService.ListAccessMonitoringRules": (query, caller) =>
      list(caller, query),

    "AccessMonitoringRulesService.ListAccessMonitoringRulesWithFilter": (query, caller) =>
      list(caller, query, query),

    "AccessMonitoringRulesService.GetAccessMonitoringRule": ({ name }, caller) => {
      may(caller, "read");
      const rule = rules.get(name);
      if (rule === undefined) throw noSuchRule(name);
      return rule;
    },

    "AccessMonitoringRulesService.CreateAccessMonitoringRule": ({ rule }, caller) => {
      may(caller, "create");
      const name = rule?.metadata?.name ?? "";
      if (rules.get(name) !== undefined) {
        const message = `${ACCESS_MONITORING_RULE} "${name}" already exists`;
        throw new ClusterError("ALREADY_EXISTS", message);
      }
      return rules.put(given(rule));
    },

    "AccessMonitoringRulesService.UpdateAccessMonitoringRule": ({ rule }, caller) => {
      may(caller, "update");
      const name = rule?.metadata?.name ?? "";
      if (rules.get(name) === undefined) throw noSuchRule(name);
      return rules.put(given(rule));
    },

    "AccessMonitoringRulesService.UpsertAccessMonitoringRule": ({ rule }, caller) => {
      may(caller, "create", "update");
      return rules.put(given(rule));
    },

    "AccessMonitoringRulesService.DeleteAccessMonitoringRule": ({ name }, caller) => {
      may(caller, "delete");
      rules.delete(name);
      return create(EmptySchema);
    },
  };
}

function given<T>(rule: T | undefined): T {
  if (rule !== undefined) return rule;
  throw new ClusterError("INVALID_ARGUMENT", "accessMonitoringRule is missing");
}
