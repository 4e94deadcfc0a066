import { defined } from "../../optional.ts";
import * as v from "valibot";
import type { TeleportConfig } from "../config.ts";
import { choice, duration, flag, path, text } from "../values/fields.ts";
import { formatGoDuration } from "../values/go_duration.ts";
import type { Context } from "../report.ts";
import { readSection } from "../section.ts";
import { readTeleportAddress } from "./teleport_address.ts";

const DEFAULT_REFRESH_MS = 60_000;
const MIN_REFRESH_NS = 1_000_000_000n;
// setTimeout() counts milliseconds in 31 bits: a longer wait would end at once.
const MAX_REFRESH_MS = 2 ** 31 - 1;

function schemaOf(context: Context) {
  return v.partial(v.object({
    addr: text,
    auth_server: text,
    identity: path(context),
    refresh_identity: flag,
    refresh_identity_interval: duration,
    client_key: path(context),
    client_crt: path(context),
    root_cas: path(context),
    via: choice("auto", "direct", "upgrade", "ssh"),
    web_root_cas: path(context),
  }));
}

/** Reads `[teleport]`; `undefined` when something is wrong and reported. */
export function readTeleport(table: unknown, context: Context): TeleportConfig | undefined {
  const { report } = context;
  const { values, isWrong } = readSection("teleport", table, schemaOf(context), report);
  const addr = readTeleportAddress(values, report);
  const pathIsWrong = isWrong("identity") || isWrong("client_key") || isWrong("client_crt") ||
    isWrong("root_cas");
  const credentials = pathIsWrong ? undefined : readCredentials(values, context);
  const refreshIdentityIntervalMs = readRefreshInterval(
    values.refresh_identity_interval ?? 0n,
    context,
  );
  if (values.refresh_identity === true && values.identity === undefined && !isWrong("identity")) {
    report.warn("teleport: `refresh_identity` requires that `identity` be set");
  }
  if (addr === undefined || credentials === undefined) return undefined;
  if (refreshIdentityIntervalMs === undefined) return undefined;
  return {
    addr,
    credentials,
    refreshIdentity: credentials.kind === "identity" && (values.refresh_identity ?? false),
    refreshIdentityIntervalMs,
    via: values.via ?? "auto",
    ...defined({ webRootCas: values.web_root_cas }),
  };
}

type TeleportValues = Partial<v.InferOutput<ReturnType<typeof schemaOf>>>;

/**
 * The texts are those of the original's sibling plugins (original.md §2.2). A file that this
 * plugin's original loads is not refused: there `identity` silently wins, and that nothing can
 * be used shows when connecting.
 */
function readCredentials(
  { identity, client_key: key, client_crt: crt, root_cas: cas }: TeleportValues,
  { report }: Context,
): TeleportConfig["credentials"] {
  const triple = Object.entries({ client_crt: crt, client_key: key, root_cas: cas });
  const present = triple.filter(([, value]) => value !== undefined).map(([name]) => `\`${name}\``);
  const missing = triple.filter(([, value]) => value === undefined).map(([name]) => `\`${name}\``);
  if (identity !== undefined) {
    if (present.length > 0) {
      report.warn(
        "teleport: configuration setting `identity` is mutually exclusive with all the " +
          "`client_crt`, `client_key` and `root_cas` settings; `identity` is used",
      );
    }
    return { kind: "identity", path: identity };
  }
  if (key !== undefined && crt !== undefined && cas !== undefined) {
    return { kind: "files", key, crt, cas };
  }
  return {
    kind: "none",
    error: present.length === 0
      ? "no credentials configured"
      : `configuration setting(s) ${present.join(", ")} are provided ` +
        `but setting(s) ${missing.join(", ")} are missing`,
  };
}

/** Zero counts as absent: the original's zero made it read the file in a busy loop (original.md D1). */
function readRefreshInterval(ns: bigint, { report }: Context): number | undefined {
  const key = "teleport.refresh_identity_interval";
  if (ns === 0n) return DEFAULT_REFRESH_MS;
  if (ns < 0n) {
    report.error(`Invalid ${key}: must be positive, current value is ${formatGoDuration(ns)}`);
    return undefined;
  }
  if (ns < MIN_REFRESH_NS) {
    report.warn(
      `${key} is ${formatGoDuration(ns)}, 1s is used: ` +
        `a bare number counts nanoseconds, write a unit such as "60s"`,
    );
    ns = MIN_REFRESH_NS;
  }
  return Math.min(Number(ns / 1_000_000n), MAX_REFRESH_MS);
}
