/** The access monitoring rules of a cluster. */

import { clone, create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type AccessMonitoringRule,
  AccessMonitoringRuleSchema,
  type AccessMonitoringRuleSpecSchema,
} from "../../src/teleport/generated/access_monitoring_rules_pb.ts";
import { ClusterError } from "../auth/cluster_error.ts";
import { ACCESS_MONITORING_RULE } from "../auth/rbac.ts";
import type { Watchers } from "../auth/watchers.ts";
import { checkRule } from "./rule_validation.ts";

/** A rule to add; omitted fields have harmless defaults. */
export interface NewRule {
  readonly name: string;
  /** Default `true`. */
  readonly condition?: string;
  readonly recipients?: readonly string[];
  /** The plugin to notify; default `email`, "" = none. */
  readonly notification?: string;
  /** Default access requests. */
  readonly subjects?: readonly string[];
  readonly states?: readonly string[];
  readonly desiredState?: string;
  readonly automaticReview?: {
    readonly integration: string;
    readonly decision: string;
    readonly reason?: string;
  };
  /** By name; null = a schedule without `time`. */
  readonly schedules?: Readonly<Record<string, NewSchedule | null>>;
}

/** A schedule to add. */
export interface NewSchedule {
  readonly timezone?: string;
  readonly shifts?: readonly {
    readonly weekday: string;
    readonly start: string;
    readonly end: string;
  }[];
}

/** How a rule is written. */
export interface RuleChange {
  /** Sends no event, as if the rule had changed while no watch was open. */
  readonly silent?: boolean;
  /** Skips validation, as if an older server had accepted the rule. */
  readonly unchecked?: boolean;
}

/** Builds a rule as Teleport's Go code encodes it. */
export function buildRule(rule: NewRule): AccessMonitoringRule {
  const { notification = "email", automaticReview: review } = rule;
  const schedules = Object.entries(rule.schedules ?? {}).map(([name, schedule]) => [
    name,
    schedule === null ? {} : {
      time: {
        timezone: schedule.timezone ?? "",
        shifts: (schedule.shifts ?? []).map((shift) => ({ ...shift })),
      },
    },
  ]);
  const spec: MessageInitShape<typeof AccessMonitoringRuleSpecSchema> = {
    subjects: [...rule.subjects ?? ["access_request"]],
    states: [...rule.states ?? []],
    condition: rule.condition ?? "true",
    desiredState: rule.desiredState ?? "",
    schedules: Object.fromEntries(schedules),
    ...notification !== "" && {
      notification: { name: notification, recipients: [...rule.recipients ?? []] },
    },
    ...review && { automaticReview: { reason: "", ...review } },
  };
  return create(AccessMonitoringRuleSchema, {
    kind: ACCESS_MONITORING_RULE,
    version: "v1",
    metadata: { name: rule.name, namespace: "default" },
    spec,
  });
}

/** Selects rules. */
export interface RuleFilter {
  /** The rule must have all of them. */
  readonly subjects: readonly string[];
  /** "" = any. */
  readonly notificationName: string;
  /** "" = any. */
  readonly automaticReviewName: string;
}

/** The store of rules; every change is an event. */
export class RuleStore {
  readonly #rules = new Map<string, AccessMonitoringRule>();

  constructor(private readonly watchers: Watchers) {}

  /** One rule; undefined when it does not exist. */
  get(name: string): AccessMonitoringRule | undefined {
    const rule = this.#rules.get(name);
    return rule && clone(AccessMonitoringRuleSchema, rule);
  }

  /** The rules that match the filter, by name. */
  list(filter?: RuleFilter): AccessMonitoringRule[] {
    return [...this.#rules.values()]
      .filter((rule) => filter === undefined || passes(rule, filter))
      .map((rule) => clone(AccessMonitoringRuleSchema, rule));
  }

  /** Creates or replaces a rule. */
  put(given: AccessMonitoringRule | NewRule, change: RuleChange = {}): AccessMonitoringRule {
    const rule = "$typeName" in given ? clone(AccessMonitoringRuleSchema, given) : buildRule(given);
    if (!change.unchecked) checkRule(rule);
    const name = rule.metadata?.name ?? "";
    if (name === "") throw new ClusterError("INVALID_ARGUMENT", "metadata.name is missing");
    if (rule.metadata) rule.metadata.revision = crypto.randomUUID();
    this.#rules.set(name, rule);
    if (!change.silent) this.watchers.putRule(rule);
    return clone(AccessMonitoringRuleSchema, rule);
  }

  delete(name: string, { silent = false }: Pick<RuleChange, "silent"> = {}): void {
    if (!this.#rules.delete(name)) throw noSuchRule(name);
    if (!silent) this.watchers.deleteRule(name);
  }
}

/** The error for a rule that does not exist. */
export function noSuchRule(name: string): ClusterError {
  return new ClusterError("NOT_FOUND", `${ACCESS_MONITORING_RULE} "${name}" doesn't exist`);
}

function passes({ spec }: AccessMonitoringRule, filter: RuleFilter): boolean {
  const { notificationName, automaticReviewName } = filter;
  return filter.subjects.every((subject) => spec?.subjects.includes(subject)) &&
    (notificationName === "" || spec?.notification?.name === notificationName) &&
    (automaticReviewName === "" || spec?.automaticReview?.integration === automaticReviewName);
}
