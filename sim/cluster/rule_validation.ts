/** Validates a rule as a server does, in Teleport's order and with its messages. */

import type {
  AccessMonitoringRule,
  Schedule,
  TimeSchedule_Shift,
} from "../../src/teleport/generated/access_monitoring_rules_pb.ts";
import { ClusterError } from "../auth/cluster_error.ts";
import { conditionFault } from "./condition_syntax.ts";

const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/**
 * Rejects a rule that a server rejects. Like a server, it does not check time zones, recipients or
 * states, and accepts weekdays in spellings that never match.
 *
 * @throws {ClusterError}
 */
export function checkRule({ kind, metadata, version, spec }: AccessMonitoringRule): void {
  if (kind !== "access_monitoring_rule") {
    refuse(`invalid kind for access monitoring rule: "${kind}"`);
  }
  if (metadata === undefined) refuse("accessMonitoringRule metadata is missing");
  if (version !== "v1") refuse(`accessMonitoringRule version "${version}" is not supported`);
  if (spec === undefined) refuse("accessMonitoringRule spec is missing");
  const { subjects, condition, notification, automaticReview, desiredState } = spec;
  if (subjects.length === 0) refuse("accessMonitoringRule subject is missing");
  if (condition === "") refuse("accessMonitoringRule condition is missing");
  checkSchedules(spec.schedules);
  if (notification?.name === "") {
    refuse("accessMonitoringRule notification plugin name is missing");
  }
  if (automaticReview !== undefined) {
    const { integration, decision } = automaticReview;
    if (integration === "") refuse("accessMonitoringRule automatic_review integration is missing");
    if (decision === "") refuse("accessMonitoringRule automatic_review decision is missing");
    if (!["APPROVED", "DENIED"].includes(decision)) {
      refuse(`accessMonitoringRule automatic_review decision "${decision}" is not supported`);
    }
  }
  if (!subjects.includes("access_request")) return;
  const fault = conditionFault(condition);
  if (fault !== undefined) {
    refuse("accessMonitoringRule condition is invalid: parsing expression", fault);
  }
  if (!["", "reviewed"].includes(desiredState)) {
    refuse(`accessMonitoringRule desired_state "${desiredState}" is not supported`);
  }
  if (notification === undefined && automaticReview === undefined) {
    refuse(
      "one of notification or automatic_review must be configured if subjects contain " +
        '"access_request"',
    );
  }
}

function checkSchedules(schedules: Readonly<Record<string, Schedule>>): void {
  const all = "validating spec.schedules";
  for (const [name, { time }] of Object.entries(schedules)) {
    if (time === undefined) refuse(all, `spec.schedules[${name}].time is required`);
    const one = `validating spec.schedules[${name}].time`;
    if (time.shifts.length === 0) refuse(all, one, "at least one shift is required");
    for (const shift of time.shifts) {
      const fault = shiftFault(shift);
      if (fault.length > 0) refuse(all, one, "shift is invalid", ...fault);
    }
  }
}

function shiftFault({ weekday, start, end }: TimeSchedule_Shift): readonly string[] {
  const day = weekday.toLowerCase();
  if (!DAYS.some((known) => known === day || known.slice(0, 3) === day)) {
    return [`failed to parse weekday: ${weekday}`];
  }
  const from = minuteOf(start);
  if (typeof from === "string") return ["invalid start time", from];
  const until = minuteOf(end);
  if (typeof until === "string") return ["invalid end time", until];
  return from < until ? [] : ["start time must be before end time"];
}

/** The minute of the day, or Go's error for a time that is not `15:04`. */
function minuteOf(clock: string): number | string {
  const parts = /^(\d{1,2}):(\d{2})(.*)$/s.exec(clock);
  if (parts === null) {
    const rest = /^\d{1,2}(.*)$/s.exec(clock)?.[1] ?? clock;
    const wanted = rest === clock ? "15" : rest.startsWith(":") ? "04" : ":";
    const left = wanted === "04" ? rest.slice(1) : rest;
    return `parsing time "${clock}" as "15:04": cannot parse "${left}" as "${wanted}"`;
  }
  const [, hour = "", minute = "", extra = ""] = parts;
  const fault = (what: string) => `parsing time "${clock}": ${what}`;
  if (Number(hour) > 23) return fault("hour out of range");
  if (Number(minute) > 59) return fault("minute out of range");
  if (extra !== "") return fault(`extra text: "${extra}"`);
  return Number(hour) * 60 + Number(minute);
}

/** Teleport sends each wrapped error on a separate line. */
function refuse(...errors: readonly string[]): never {
  throw new ClusterError("INVALID_ARGUMENT", errors.join("\n\t"));
}
