import * as v from "valibot";
import type { RoutingConfig } from "../config.ts";
import type { Context } from "../report.ts";
import { readSection } from "../section.ts";
import { choice, flag } from "../values/fields.ts";

const schema = v.partial(v.object({
  precedence: choice("rules", "routes"),
  strict_schedules: flag,
}));

/** Reads `[routing]`. */
export function readRouting(table: unknown, { report }: Context): RoutingConfig {
  const { values } = readSection("routing", table, schema, report);
  return {
    precedence: values.precedence ?? "rules",
    strictSchedules: values.strict_schedules ?? false,
  };
}
