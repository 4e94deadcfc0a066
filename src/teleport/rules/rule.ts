/** Access monitoring rules as the program uses them, converted from Teleport's messages. */

import { defined } from "../../optional.ts";
import type {
  AccessMonitoringRule as WireRule,
  AutomaticReview as WireReview,
  Schedule as WireSchedule,
} from "../generated/access_monitoring_rules_pb.ts";

/** A period on one day of the week, with the texts as written. */
export interface Shift {
  /** `Monday`, or another spelling that a server accepts. */
  readonly weekday: string;
  /** `15:04` */
  readonly start: string;
  /** `15:04`, later than `start`. */
  readonly end: string;
}

/** When a rule applies. Without `time`, or without shifts, never. */
export interface Schedule {
  readonly time?: {
    /** A name of the IANA data; "" = UTC. */
    readonly timezone: string;
    readonly shifts: readonly Shift[];
  };
}

/** The recipients that a rule notifies. */
export interface RuleNotification {
  /** The plugin's name; this program's is `email`. */
  readonly name: string;
  /** As written; the server does not validate them. */
  readonly recipients: readonly string[];
}

/** The review that a rule submits automatically. */
export interface AutomaticReview {
  readonly integration: string;
  /** `APPROVED` or `DENIED`. */
  readonly decision: string;
  readonly reason: string;
}

/** An access monitoring rule. */
export interface AccessMonitoringRule {
  /** Unique in the cluster. */
  readonly name: string;
  /** Kinds that the rule applies to, such as `access_request`. */
  readonly subjects: readonly string[];
  /** Request states that the rule applies to; Teleport's plugins ignore them. */
  readonly states: readonly string[];
  /** An expression of Teleport's predicate language. */
  readonly condition: string;
  readonly notification?: RuleNotification;
  readonly automaticReview?: AutomaticReview;
  /** "" or `reviewed`. */
  readonly desiredState: string;
  /** By name; empty = always. */
  readonly schedules: ReadonlyMap<string, Schedule>;
}

/** Converts a rule; undefined when it has no name to identify it by. */
export function readRule(message: WireRule): AccessMonitoringRule | undefined {
  const name = message.metadata?.name ?? "";
  if (name === "") return undefined;
  const spec = message.spec;
  const notification = spec?.notification;
  return {
    name,
    subjects: spec?.subjects ?? [],
    states: spec?.states ?? [],
    condition: spec?.condition ?? "",
    desiredState: spec?.desiredState ?? "",
    schedules: new Map(
      Object.entries(spec?.schedules ?? {}).map(([key, schedule]) => [key, readSchedule(schedule)]),
    ),
    ...defined({
      notification: notification &&
        { name: notification.name, recipients: notification.recipients },
      automaticReview: readReview(spec?.automaticReview),
    }),
  };
}

function readReview(review: WireReview | undefined): AutomaticReview | undefined {
  return review &&
    { integration: review.integration, decision: review.decision, reason: review.reason };
}

function readSchedule({ time }: WireSchedule): Schedule {
  if (time === undefined) return {};
  return {
    time: {
      timezone: time.timezone,
      shifts: time.shifts.map(({ weekday, start, end }) => ({ weekday, start, end })),
    },
  };
}
