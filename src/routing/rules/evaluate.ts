/** Whether a rule or a route matches a request. */

import type { Condition } from "../condition/condition.ts";
import { ConditionError } from "../condition/error.ts";
import type { FactValues } from "../condition/facts.ts";
import type { StepTrace } from "../trace.ts";
import { matchSchedules, type Schedule, type ScheduleOptions } from "../schedule/schedule.ts";

/** What rules and routes have in common. */
export interface Conditional {
  readonly name: string;
  /** Absent: always true. */
  readonly condition?: Condition | ConditionError;
  readonly schedules: ReadonlyMap<string, Schedule>;
}

/** A trace, and what failed if something did; a lookup fails for many rules at once. */
export type Evaluated = StepTrace & { readonly failed?: "schedules" | "condition" | "lookup" };

/** Looks at the schedules first, at the time when the request was created, then at the condition. */
export function evaluate(
  { name, condition, schedules }: Conditional,
  facts: FactValues,
  options: ScheduleOptions,
): Evaluated {
  const schedule = matchSchedules(schedules, facts.creationTime.ns, options);
  if (!schedule.isInside) {
    return schedule.error === undefined
      ? { name, matched: false, note: "the request was created outside of its schedules" }
      : { name, matched: false, error: schedule.error, failed: "schedules" };
  }
  if (condition === undefined) return { name, matched: true };
  try {
    if (condition instanceof ConditionError) throw condition;
    const { matches, decidedBy, type } = condition.evaluate(facts);
    const evaluated = { name, matched: matches, decidedBy };
    return type === "bool" ? evaluated : {
      ...evaluated,
      note: `the value of its condition is not a boolean, it is of type ${type}`,
    };
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    const failed = error.kind === "unavailable" ? "lookup" : "condition";
    return { name, matched: false, error: error.message, failed };
  }
}
