/** Control calls for rules, users, resources, access lists, and the permissions to read them. */

import { toJson } from "@bufbuild/protobuf";
import * as v from "valibot";
import { AccessMonitoringRuleSchema } from "../../src/teleport/generated/access_monitoring_rules_pb.ts";
import type { AuthServer } from "../auth/server.ts";
import { RESOURCE_KINDS } from "../cluster/resource_store.ts";
import type { NewRule, NewSchedule } from "../cluster/rule_store.ts";
import { USER_STATES } from "../cluster/user_store.ts";
import type { Actions, Parameters } from "./control_parameters.ts";

const LABELS = v.record(v.string(), v.string());
const TRAITS = v.record(v.string(), v.array(v.string()));
const SCHEDULES = v.record(
  v.string(),
  v.nullable(v.strictObject({
    timezone: v.optional(v.string(), ""),
    shifts: v.optional(
      v.array(v.strictObject({ weekday: v.string(), start: v.string(), end: v.string() })),
      [],
    ),
  })),
);

/** The calls for an auth server and its cluster. */
export function directoryActions(auth: AuthServer): Actions {
  const { rules, users, resources, accessLists, roles, now } = auth.cluster;
  return [
    ["/rule", (parameters) => {
      rules.put(newRule(parameters), {
        silent: parameters.flag("silent", false),
        unchecked: parameters.flag("unchecked", false),
      });
      return "ok";
    }],
    ["/rule/delete", (parameters) => {
      const silent = parameters.flag("silent", false);
      rules.delete(parameters.required("name"), { silent });
      return "ok";
    }],
    ["/rules", () => rules.list().map((rule) => toJson(AccessMonitoringRuleSchema, rule))],
    ["/user", (parameters) => {
      const traits = parameters.json("traits", TRAITS) ?? {};
      users.set(parameters.required("name"), {
        state: parameters.text("state") === undefined
          ? "user"
          : parameters.oneOf("state", USER_STATES),
        traits,
        staticTraits: parameters.json("static_traits", TRAITS) ?? traits,
        ...parameters.someList("roles"),
      });
      return "ok";
    }],
    ["/resource", (parameters) => {
      resources.set({
        kind: parameters.oneOf("kind", RESOURCE_KINDS),
        name: parameters.required("name"),
        ...parameters.some("hostname"),
        ...parameters.some("description"),
        labels: parameters.json("labels", LABELS) ?? {},
        dynamic: parameters.json("dynamic", LABELS) ?? {},
      });
      return "ok";
    }],
    ["/resource/delete", (parameters) => {
      resources.delete(parameters.oneOf("kind", RESOURCE_KINDS), parameters.required("name"));
      return "ok";
    }],
    ["/access_list", (parameters) => {
      const nextAudit = parameters.time("next_audit", now());
      const remindBeforeMs = parameters.duration("notify");
      accessLists.set({
        name: parameters.required("name"),
        ...parameters.some("title"),
        ...parameters.some("description"),
        ...parameters.someList("owners"),
        ...parameters.someList("roles"),
        ...nextAudit && { nextAudit },
        ...remindBeforeMs !== undefined && { remindBeforeMs },
        months: parameters.integer("months", 6, 120),
        members: parameters.integer("members", 0, 1_000_000),
      });
      return "ok";
    }],
    ["/access_list/delete", (parameters) => {
      accessLists.delete(parameters.required("name"));
      return "ok";
    }],
    ["/forbid", (parameters) => {
      roles.deny(parameters.required("kind"), parameters.flag("on", true));
      return "ok";
    }],
    ["/old", (parameters) => {
      auth.isOld = parameters.flag("on", true);
      return "ok";
    }],
  ];
}

function newRule(parameters: Parameters): NewRule {
  const integration = parameters.text("automatic_review");
  const decision = parameters.text("decision") ?? "";
  const reason = parameters.text("reason") ?? "";
  const schedules = parameters.json("schedules", SCHEDULES) as
    | Record<string, NewSchedule | null>
    | undefined;
  return {
    name: parameters.required("name"),
    ...parameters.someList("recipients"),
    ...parameters.someList("subjects"),
    ...parameters.someList("states"),
    // An empty value = no notification.
    ...parameters.has("notification") && { notification: parameters.text("notification") ?? "" },
    ...parameters.has("condition") && { condition: parameters.text("condition") ?? "" },
    desiredState: parameters.text("desired_state") ?? "",
    ...integration !== undefined && { automaticReview: { integration, decision, reason } },
    ...schedules && { schedules },
  };
}
