import * as v from "valibot";
import type { Config } from "../config.ts";
import { text } from "../values/fields.ts";
import { parseHostPort } from "../values/host_port.ts";
import type { Context } from "../report.ts";
import { given, readSection } from "../section.ts";

type Listen = NonNullable<Config["http"]["listen"]>;

const ALL_INTERFACES = "0.0.0.0";

const schema = v.partial(v.object({
  listen: v.pipe(
    text,
    v.rawTransform(({ dataset, addIssue, NEVER }): Listen | undefined => {
      if (dataset.value === undefined) return undefined;
      const result = parseHostPort(dataset.value);
      if (result.ok && result.port !== undefined) {
        // As everywhere in Go, `:8080` listens on all interfaces; port 0 is any free one.
        return { host: result.host || ALL_INTERFACES, port: result.port };
      }
      addIssue({
        message: result.ok
          ? `must be host:port, current value is '${dataset.value}' without a port`
          : result.error,
      });
      return NEVER;
    }),
  ),
}));

/** Reads `[http]`. */
export function readHttp(table: unknown, { report }: Context): Config["http"] {
  return given({ listen: readSection("http", table, schema, report).values.listen });
}
