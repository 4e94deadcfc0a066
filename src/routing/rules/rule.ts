/** Access monitoring rules that notify this plugin. */

import type { AccessMonitoringRule } from "../../teleport/rules/rule.ts";
import { Condition } from "../condition/condition.ts";
import { ConditionError } from "../condition/error.ts";
import type { Schedule } from "../schedule/schedule.ts";

/** The name of this plugin in `spec.notification.name`, of the original, too. */
const PLUGIN = "email";
/** The subject of rules about access requests. */
const SUBJECT = "access_request";

/** A rule that is about access requests and notifies this plugin. */
export interface Rule {
  readonly name: string;
  /** Read, or why it cannot be read. */
  readonly condition: Condition | ConditionError;
  readonly schedules: ReadonlyMap<string, Schedule>;
  /** As written; no server checks them. */
  readonly recipients: readonly string[];
}

/** A rule of ours, or why it does not count. States, reviews and labels of a rule do not matter. */
export type RuleReading =
  | { readonly applies: true; readonly rule: Rule }
  | { readonly applies: false; readonly name: string; readonly why: string };

/** Reads the condition of a rule of ours. */
export function readRule(
  { name, subjects, condition, notification, schedules }: AccessMonitoringRule,
): RuleReading {
  if (!subjects.includes(SUBJECT)) {
    return { applies: false, name, why: `its subjects do not hold ${SUBJECT}` };
  }
  if (notification?.name !== PLUGIN) {
    const why = notification === undefined
      ? "it notifies no plugin"
      : `it notifies the plugin '${notification.name}', not '${PLUGIN}'`;
    return { applies: false, name, why };
  }
  const { recipients } = notification;
  return {
    applies: true,
    rule: { name, condition: parseCondition(condition), schedules, recipients },
  };
}

/** A condition, or why it cannot be read. */
export function parseCondition(text: string): Condition | ConditionError {
  try {
    return Condition.parse(text);
  } catch (error) {
    if (error instanceof ConditionError) return error;
    throw error;
  }
}
