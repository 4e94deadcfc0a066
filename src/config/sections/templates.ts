import { defined } from "../../optional.ts";
import * as v from "valibot";
import type { Config } from "../config.ts";
import { path } from "../values/fields.ts";
import type { Context } from "../report.ts";
import { readSection } from "../section.ts";

/** Reads `[templates]`. */
export function readTemplates(table: unknown, context: Context): Config["templates"] {
  const schema = v.partial(v.object({ directory: path(context) }));
  const { values } = readSection("templates", table, schema, context.report);
  return defined({ directory: values.directory });
}
