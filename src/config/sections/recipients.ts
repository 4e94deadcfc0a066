import { isEmailAddress } from "../values/address.ts";
import { describeType } from "../values/fields.ts";
import type { Report } from "../report.ts";
import { isTable } from "../section.ts";
import { ConditionError } from "../../routing/condition/error.ts";
import { isPattern, Pattern } from "../../routing/condition/pattern.ts";

/** Recipients by role, in the order of the file. */
export type RoleMap = ReadonlyMap<string, readonly string[]>;

const SECTION = "role_to_recipients";

/**
 * Reads `[role_to_recipients]` alone: a string or a list for each role. An empty list leaves no
 * entry, as in the original, so that the role falls back to `*`.
 */
export function readRoleMap(table: unknown, report: Report): RoleMap {
  const roles = new Map<string, readonly string[]>();
  if (!isTable(table)) {
    report.error(`${SECTION}: unmarshal toml: unexpected type for recipients ${goType(table)}`);
    return roles;
  }
  for (const [role, value] of Object.entries(table)) {
    const list: unknown[] = Array.isArray(value) ? value : [value];
    const recipients = list.filter((member) => typeof member === "string");
    if (recipients.length < list.length) {
      report.error(
        `${SECTION}.${role}: unmarshal toml: ` +
          `unexpected type for recipients value ${goType(value)} (${describeType(value)})` +
          quoteHint(role, value),
      );
    } else if (recipients.length > 0) {
      roles.set(role, recipients);
    } else if (role !== "*") {
      report.warn(`${SECTION}.${role} is empty: its requests go to ${SECTION}["*"]`);
    }
  }
  return roles;
}

/**
 * Joins both ways to name recipients and checks the result; `undefined` when something is wrong
 * and reported. `lists` are `undefined` where the file has none.
 */
export function readRecipients(
  lists: { readonly table: unknown; readonly deliveryRecipients: readonly string[] | undefined },
  report: Report,
): RoleMap | undefined {
  const errorsBefore = report.errors.length;
  let roles: RoleMap = lists.table === undefined ? new Map() : readRoleMap(lists.table, report);
  const tableIsWrong = report.errors.length > errorsBefore;
  const flat = lists.deliveryRecipients ?? [];
  if (flat.length > 0 && (roles.size > 0 || tableIsWrong)) {
    report.error("provide either delivery.recipients or role_to_recipients, not both");
  } else if (flat.length > 0) {
    roles = new Map([["*", flat]]);
    report.warn(
      "The delivery.recipients config option is deprecated, " +
        'set role_to_recipients["*"] instead for the same functionality',
    );
  } else if (roles.size === 0 && !tableIsWrong) {
    report.error("missing required value role_to_recipients");
  } else if (!roles.has("*") && !tableIsWrong) {
    report.error("missing required value role_to_recipients[*]");
  }
  for (const [role, recipients] of roles) {
    if (role !== "*" && isPattern(role)) checkPattern(role, report);
    checkAddresses(role, recipients, report);
  }
  return report.errors.length > errorsBefore ? undefined : roles;
}

function checkPattern(key: string, report: Report): void {
  try {
    Pattern.parse(key);
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    report.error(`${SECTION}.${key} is not a pattern of role names: ${error.reason}`);
  }
}

function checkAddresses(role: string, recipients: readonly string[], report: Report): void {
  for (const recipient of recipients) {
    if (isEmailAddress(recipient)) continue;
    report.error(`invalid email address ${recipient} in ${SECTION}.${role}${listHint(recipient)}`);
  }
}

/** A bare key with a dot is a table in TOML. */
function quoteHint(role: string, value: unknown): string {
  const [first] = isTable(value) ? Object.keys(value) : [];
  return first === undefined
    ? ""
    : `: put a role name with a dot in quotes, ${JSON.stringify(`${role}.${first}`)} = ...`;
}

/** Several addresses in one text. */
function listHint(recipient: string): string {
  const parts = recipient.split(/[,;]/).map((part) => part.trim());
  return parts.length > 1 && parts.every(isEmailAddress)
    ? `: write a list, ${JSON.stringify(parts).replaceAll(",", ", ")}`
    : "";
}

/** What Go's `%T` prints for a decoded value. */
function goType(value: unknown): string {
  if (typeof value === "string") return "string";
  if (typeof value === "bigint") return "int64";
  if (typeof value === "number") return "float64";
  if (typeof value === "boolean") return "bool";
  if (Array.isArray(value)) return "[]interface {}";
  return value instanceof Date ? "time.Time" : "map[string]interface {}";
}
