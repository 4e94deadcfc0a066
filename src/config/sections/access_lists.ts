import * as v from "valibot";
import type { AccessListsConfig } from "../config.ts";
import type { Context } from "../report.ts";
import { readSection } from "../section.ts";
import { flag } from "../values/fields.ts";

const schema = v.partial(v.object({ remind: flag }));

/** Reads `[access_lists]`. */
export function readAccessLists(table: unknown, { report }: Context): AccessListsConfig {
  const { values } = readSection("access_lists", table, schema, report);
  return { remind: values.remind ?? false };
}
