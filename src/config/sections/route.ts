import * as v from "valibot";
import { Condition } from "../../routing/condition/condition.ts";
import { ConditionError } from "../../routing/condition/error.ts";
import type { RouteConfig } from "../config.ts";
import type { Context, Report } from "../report.ts";
import { isTable, readSection } from "../section.ts";
import { isEmailAddress } from "../values/address.ts";
import { describeType, flag, text } from "../values/fields.ts";
import { readSchedules } from "./route_schedules.ts";

const EVENTS = ["new", "review", "resolution"] as const;
const KEYWORDS: ReadonlySet<string> = new Set([
  "requester",
  "suggested_reviewers",
  "access_list_owners",
]);

const condition = v.pipe(
  v.string(({ input }) => `must be a condition in quotes, current value is ${describeType(input)}`),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    try {
      Condition.parse(dataset.value);
    } catch (error) {
      if (!(error instanceof ConditionError)) throw error;
      addIssue({ message: `is not a condition: ${error.message}` });
    }
  }),
);

/** A string or a list, as in `role_to_recipients`. */
const recipients = v.pipe(
  v.unknown(),
  v.rawTransform(({ dataset, addIssue, NEVER }): readonly string[] => {
    const list: unknown[] = Array.isArray(dataset.value) ? dataset.value : [dataset.value];
    const wrongType = list.find((one) => typeof one !== "string");
    const wrong = list.find((one) => typeof one === "string" && !isRecipient(one));
    if (wrongType === undefined && wrong === undefined) return list as readonly string[];
    addIssue({
      message: wrongType === undefined
        ? "must hold email addresses, requester, suggested_reviewers, trait:<name> or " +
          `access_list_owners, current value has ${JSON.stringify(wrong)}`
        : `must be a string or a list of strings, current value has ${describeType(wrongType)}`,
    });
    return NEVER;
  }),
);

const schema = v.partial(v.object({
  name: text,
  match: condition,
  recipients,
  suggested_reviewers: flag,
  continue: flag,
  silence: flag,
  on: v.pipe(
    v.array(v.picklist(EVENTS, wrongEvent), wrongEvent),
    v.check((events) => events.length > 0, wrongEvent),
  ),
  schedules: v.unknown(),
}));

function wrongEvent({ input }: { readonly input: unknown }): string {
  const value = typeof input === "string" ? JSON.stringify(input) : describeType(input);
  return `must be a list of ${EVENTS.join(", ")}, current value has ${value}`;
}

function isRecipient(recipient: string): boolean {
  return KEYWORDS.has(recipient) || /^trait:./.test(recipient) || isEmailAddress(recipient);
}

/** Reads every `[[route]]`. */
export function readRoutes(tables: unknown, { report }: Context): readonly RouteConfig[] {
  if (tables === undefined) return [];
  if (!Array.isArray(tables)) {
    const value = isTable(tables) ? "one table: write [[route]]" : describeType(tables);
    report.error(`Invalid route: must be a list of tables, current value is ${value}`);
    return [];
  }
  const routes = tables.map((table, i) => readRoute(table, i + 1, report));
  warnOfNames(routes, report);
  warnOfUnreached(routes, report);
  warnOfOwners(routes, report);
  return routes;
}

function readRoute(table: unknown, place: number, report: Report): RouteConfig {
  const section = `route ${place}`;
  const { values, isWrong } = readSection(section, table, schema, report);
  const { match, silence = false } = values;
  const given = values.recipients ?? [];
  const suggested = values.suggested_reviewers ?? false;
  const names = suggested && !given.includes("suggested_reviewers")
    ? [...given, "suggested_reviewers"]
    : given;
  const continues = values.continue ?? false;
  if (silence && (names.length > 0 || continues)) {
    report.error(
      `Invalid ${section}.silence: excludes recipients, suggested_reviewers and continue`,
    );
  } else if (!silence && names.length === 0 && isTable(table) && !isWrong("recipients")) {
    report.error(
      `Invalid ${section}: names no recipients; set recipients, suggested_reviewers = true, or ` +
        "silence = true for no email",
    );
  }
  return {
    name: values.name ?? `${place}`,
    ...match === undefined ? {} : { match },
    recipients: names,
    continues,
    silence,
    on: values.on ?? EVENTS,
    schedules: values.schedules === undefined
      ? new Map()
      : readSchedules(values.schedules, `${section}.schedules`, report),
  };
}

function warnOfNames(routes: readonly RouteConfig[], report: Report): void {
  const byName = Map.groupBy(routes, ({ name }) => name);
  for (const [name, { length }] of byName) {
    if (length > 1) {
      report.warn(`${length} routes are named '${name}': logs do not distinguish them`);
    }
  }
}

/** Owners of an access list are known when a request is promoted to it. */
function warnOfOwners(routes: readonly RouteConfig[], report: Report): void {
  for (const { name, on, recipients } of routes) {
    if (recipients.includes("access_list_owners") && !on.includes("resolution")) {
      report.warn(
        `Route '${name}' names access_list_owners, who get emails of kind resolution alone: ` +
          "add it to on",
      );
    }
  }
}

/** After a route that matches every request, and ends the search, no other is asked for its emails. */
function warnOfUnreached(routes: readonly RouteConfig[], report: Report): void {
  const last = new Map<RouteConfig["on"][number], string>();
  for (const { name, on, ...route } of routes) {
    const ends = [...new Set(on.flatMap((event) => last.get(event) ?? "never"))];
    if (!ends.includes("never")) {
      const match = ends.length === 1 ? "matches" : "match";
      report.warn(
        `Route '${name}' is never reached: ${ends.join(" and ")} ${match} every request`,
      );
    }
    const endsSearch = (route.match === undefined || route.match.trim() === "true") &&
      !route.continues && route.schedules.size === 0 &&
      (route.silence || route.recipients.some(isEmailAddress));
    for (const event of endsSearch ? on : []) {
      if (!last.has(event)) last.set(event, `'${name}'`);
    }
  }
}
