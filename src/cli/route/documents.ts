/** Resources as `tctl get` prints them, in YAML or JSON: what `route` reads from files. */

import * as v from "valibot";
import { parseAllDocuments } from "yaml";
import { defined } from "../../optional.ts";
import { parseRfc3339 } from "../../routing/condition/library/rfc3339.ts";
import type { AccessRequest } from "../../teleport/access_request/read.ts";
import type { AccessMonitoringRule } from "../../teleport/rules/rule.ts";
import { reasonOf } from "../../text.ts";

/** A user's or login state's traits. */
export interface TraitsDocument {
  readonly user: string;
  readonly traits: ReadonlyMap<string, readonly string[]>;
}

/** A resource that requests may name. */
export interface ResourceDocument {
  readonly kind: string;
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
}

/** What files hold, by kind. */
export interface Documents {
  readonly requests: readonly AccessRequest[];
  readonly rules: readonly AccessMonitoringRule[];
  readonly users: readonly TraitsDocument[];
  readonly loginStates: readonly TraitsDocument[];
  readonly resources: readonly ResourceDocument[];
  /** Kinds that say nothing about routing. */
  readonly ignored: readonly string[];
}

/** A file that cannot be used, with what is wrong and where. */
export class DocumentError extends Error {}

/** A server of an app, database or Kubernetes cluster holds the thing itself. */
const SERVERS: ReadonlyMap<string, readonly [kind: string, member: string]> = new Map([
  ["app_server", ["app", "app"]],
  ["db_server", ["db", "database"]],
  ["kube_server", ["kube_cluster", "cluster"]],
]);
const RESOURCES: ReadonlySet<string> = new Set([
  ...["node", "app", "db", "kube_cluster", "windows_desktop", "user_group"],
  ...SERVERS.keys(),
]);

const text = v.nullish(v.string(), "");
const texts = v.nullish(
  v.union([v.array(v.string()), v.pipe(v.string(), v.transform((one) => [one]))]),
  () => [],
);
const byName = v.nullish(v.record(v.string(), texts), () => ({}));
/** Login states list their traits, users have a table. */
const traits = v.union([
  byName,
  v.pipe(
    v.array(v.object({ key: v.string(), values: texts })),
    v.transform((list) => Object.fromEntries(list.map(({ key, values }) => [key, values]))),
  ),
]);
const metadata = v.nullish(
  v.object({ name: text, expires: text }),
  () => ({ name: "", expires: "" }),
);
const label = v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String));
const labels = v.nullish(v.record(v.string(), label), () => ({}));
const dynamicLabels = v.nullish(v.record(v.string(), v.object({ result: text })), () => ({}));

const resourceId = v.union([
  v.pipe(
    v.string(),
    v.regex(/^\/[^/]+\/[^/]+\/./, "must be /cluster/kind/name"),
    v.transform((path) => {
      const [, cluster = "", kind = "", name = "", ...part] = path.split("/");
      return { cluster, kind, name, part: part.join("/") };
    }),
  ),
  v.pipe(
    v.object({ cluster: text, kind: v.string(), name: v.string(), sub_resource: text }),
    v.transform((id) => ({
      cluster: id.cluster,
      kind: id.kind,
      name: id.name,
      part: id.sub_resource,
    })),
  ),
]);
const resourceIds = v.nullish(v.array(resourceId), () => []);

const requestSpec = v.object({
  user: text,
  roles: texts,
  state: v.nullish(v.union([v.string(), v.number()]), "PENDING"),
  created: text,
  request_reason: text,
  suggested_reviewers: texts,
  system_annotations: byName,
  resource_ids: resourceIds,
  requested_resource_ids: resourceIds,
  resource_access_ids: v.nullish(v.array(v.object({ id: resourceId })), () => []),
  resource_expiry: text,
  access_list: v.nullish(v.object({ name: text, title: text })),
});

const shift = v.object({ weekday: text, start: text, end: text });
const ruleSpec = v.object({
  subjects: texts,
  states: texts,
  condition: text,
  desired_state: text,
  notification: v.nullish(v.object({ name: text, recipients: texts })),
  schedules: v.nullish(
    v.record(
      v.string(),
      v.object({
        time: v.nullish(v.object({ timezone: text, shifts: v.nullish(v.array(shift), () => []) })),
      }),
    ),
    () => ({}),
  ),
});

/**
 * Reads all documents of a text: several in YAML, a list, or one.
 * @throws {DocumentError} with the file's name and the place of the fault.
 */
export function readDocuments(source: string, file: string): Documents {
  const found = {
    requests: [] as AccessRequest[],
    rules: [] as AccessMonitoringRule[],
    users: [] as TraitsDocument[],
    loginStates: [] as TraitsDocument[],
    resources: [] as ResourceDocument[],
    ignored: [] as string[],
  };
  for (const [i, plain] of parsePlain(source, file).entries()) {
    const { kind } = parse(v.object({ kind: v.string() }), plain, `${file}: document ${i + 1}`);
    const where = `${file}: document ${i + 1} (${kind})`;
    if (kind === "access_request") found.requests.push(readRequest(plain, where));
    else if (kind === "access_monitoring_rule") found.rules.push(readRule(plain, where));
    else if (kind === "user") found.users.push(readTraits(plain, where));
    else if (kind === "user_login_state") found.loginStates.push(readTraits(plain, where));
    else if (RESOURCES.has(kind)) found.resources.push(readResource(plain, kind, where));
    else found.ignored.push(kind);
  }
  return found;
}

function parsePlain(source: string, file: string): readonly unknown[] {
  const documents = parseAllDocuments(source);
  const list = Array.isArray(documents) ? documents : [];
  for (const { errors } of list) {
    const [error] = errors;
    if (error === undefined) continue;
    const [start] = error.linePos ?? [];
    const where = start === undefined ? file : `${file}:${start.line}:${start.col}`;
    throw new DocumentError(`${where}: not YAML or JSON: ${error.message.split("\n")[0]}`);
  }
  const values = list.map((document) => toValue(document, file)).filter((value) => value !== null);
  return values.flatMap((value) => Array.isArray(value) ? value : [value]);
}

function toValue(document: { toJS(): unknown }, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // Aliases without an anchor, or far too many of them.
    const reason = reasonOf(error);
    throw new DocumentError(`${file}: not YAML or JSON: ${reason}`);
  }
}

function parse<Schema extends v.GenericSchema>(
  schema: Schema,
  plain: unknown,
  where: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, plain);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  throw new DocumentError(`${where}: ${path === null ? "" : `${path}: `}${issue.message}`);
}

function readRequest(plain: unknown, where: string): AccessRequest {
  const { metadata: meta, spec } = parse(v.object({ metadata, spec: requestSpec }), plain, where);
  const constrained = spec.resource_access_ids.map(({ id }) => id);
  const given = [constrained, spec.requested_resource_ids, spec.resource_ids];
  const ids = given.find((list) => list.length > 0) ?? [];
  return {
    id: meta.name,
    user: spec.user,
    roles: spec.roles,
    state: "PENDING",
    reason: spec.request_reason,
    resolveReason: "",
    reviews: [],
    suggestedReviewers: spec.suggested_reviewers,
    resources: ids.map((id) => ({ ...id, constraints: [] })),
    thresholds: [],
    roleThresholds: new Map(),
    systemAnnotations: new Map(Object.entries(spec.system_annotations)),
    ...defined({
      createdNs: readTime(spec.created, `${where}: spec.created`),
      expiresNs: readTime(spec.resource_expiry, `${where}: spec.resource_expiry`) ??
        readTime(meta.expires, `${where}: metadata.expires`),
      accessList: spec.access_list ?? undefined,
    }),
  };
}

/** Nanoseconds since 1970; undefined for a time that is not set. */
function readTime(time: string, where: string): bigint | undefined {
  if (time === "") return undefined;
  const ns = parseTime(time);
  if (ns === undefined) {
    throw new DocumentError(`${where}: not a time such as 2025-08-11T14:30:00Z: ${time}`);
  }
  return ns > 0n ? ns : undefined;
}

/** Nanoseconds since 1970; undefined for what is not a time of RFC 3339. */
export function parseTime(text: string): bigint | undefined {
  try {
    return parseRfc3339(text).ns;
  } catch {
    return undefined;
  }
}

function readRule(plain: unknown, where: string): AccessMonitoringRule {
  const { metadata: meta, spec } = parse(v.object({ metadata, spec: ruleSpec }), plain, where);
  return {
    name: meta.name,
    subjects: spec.subjects,
    states: spec.states,
    condition: spec.condition,
    desiredState: spec.desired_state,
    schedules: new Map(
      Object.entries(spec.schedules).map(([name, { time }]) => [
        name,
        defined({ time: time ?? undefined }),
      ]),
    ),
    ...defined({ notification: spec.notification ?? undefined }),
  };
}

function readTraits(plain: unknown, where: string): TraitsDocument {
  const spec = v.nullish(v.object({ traits }), () => ({ traits: {} }));
  const document = parse(v.object({ metadata, spec }), plain, where);
  return {
    user: document.metadata.name,
    traits: new Map(Object.entries(document.spec.traits)),
  };
}

function readResource(plain: unknown, kind: string, where: string): ResourceDocument {
  const [ownKind, member] = SERVERS.get(kind) ?? [kind, undefined];
  const inner = member === undefined
    ? undefined
    : parse(v.object({ spec: v.object({ [member]: v.unknown() }) }), plain, where).spec[member];
  const schema = v.object({
    metadata: v.object({ name: v.string(), labels }),
    spec: v.nullish(
      v.object({ cmd_labels: dynamicLabels, dynamic_labels: dynamicLabels }),
      () => ({ cmd_labels: {}, dynamic_labels: {} }),
    ),
  });
  const { metadata: meta, spec } = parse(schema, inner ?? plain, where);
  const results = Object.entries({ ...spec.cmd_labels, ...spec.dynamic_labels })
    .map(([name, { result }]) => [name, result] as const);
  return {
    kind: ownKind,
    name: meta.name,
    labels: new Map([...Object.entries(meta.labels), ...results]),
  };
}
