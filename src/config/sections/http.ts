import { defined } from "../../optional.ts";
import * as v from "valibot";
import type { HttpConfig } from "../config.ts";
import { choice, text } from "../values/fields.ts";
import { parseHostPort } from "../../net/address.ts";
import type { Context } from "../report.ts";
import { readSection } from "../section.ts";

type Listen = NonNullable<HttpConfig["listen"]>;

const schema = v.partial(v.object({
  listen: v.pipe(
    text,
    v.rawTransform(({ dataset, addIssue, NEVER }): Listen | undefined => {
      if (dataset.value === undefined) return undefined;
      const result = parseHostPort(dataset.value);
      if (result.ok && result.port !== undefined) {
        // As everywhere in Go, `:8080` listens on all addresses of both families; port 0 is any free one.
        return { host: result.host, port: result.port };
      }
      addIssue({
        message: result.ok
          ? `must be host:port, current value is '${dataset.value}' without a port`
          : result.error,
      });
      return NEVER;
    }),
  ),
  status: choice("loopback", "all"),
}));

/** Reads `[http]`. */
export function readHttp(table: unknown, { report }: Context): HttpConfig {
  const { listen, status = "loopback" } = readSection("http", table, schema, report).values;
  return { ...defined({ listen }), status };
}
