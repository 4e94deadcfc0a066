import * as v from "valibot";
import { scheduleFaults } from "../../routing/schedule/check.ts";
import type { RouteSchedule } from "../config.ts";
import type { Report } from "../report.ts";
import { isTable, readSection } from "../section.ts";
import { describeType, text } from "../values/fields.ts";

const wrongShift =
  'must be a list of tables { weekday = "Monday", start = "09:00", end = "17:00" }';
const schema = v.partial(v.object({
  timezone: text,
  shifts: v.array(
    v.object({
      weekday: v.string(wrongShift),
      start: v.string(wrongShift),
      end: v.string(wrongShift),
    }, wrongShift),
    wrongShift,
  ),
}));

/** Reads the tables of `timezone` and `shifts`, by name; as in a rule they may stand in a table `time`. */
export function readSchedules(
  tables: unknown,
  section: string,
  report: Report,
): ReadonlyMap<string, RouteSchedule> {
  const schedules = new Map<string, RouteSchedule>();
  if (!isTable(tables)) {
    report.error(`Invalid ${section}: must be a table, current value is ${describeType(tables)}`);
    return schedules;
  }
  for (const [name, table] of Object.entries(tables)) {
    const time = isTable(table) && isTable(table.time) ? table.time : table;
    const { values, isWrong } = readSection(
      `${section}.${name}`,
      time,
      schema,
      report,
    );
    if (!isTable(time) || isWrong("shifts") || isWrong("timezone")) continue;
    const schedule = { timezone: values.timezone ?? "", shifts: values.shifts ?? [] };
    for (const fault of scheduleFaults({ time: schedule })) {
      report.error(`Invalid ${section}.${name}: ${fault}`);
    }
    schedules.set(name, schedule);
  }
  return schedules;
}
