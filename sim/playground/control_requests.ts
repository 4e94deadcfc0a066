/** Control calls that create and decide requests. */

import { toJson } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import * as v from "valibot";
import { AccessRequestV3Schema, RequestState } from "../../src/teleport/generated/types_pb.ts";
import type { NewRequest, NewRequestedResource } from "../auth/access_request.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Actions, Parameters } from "./control_parameters.ts";
import { ParameterError } from "./control_parameters.ts";

const texts = v.array(v.string());

const RESOURCES = v.array(v.union([
  v.string(),
  v.strictObject({
    cluster: v.optional(v.string()),
    kind: v.string(),
    name: v.string(),
    sub: v.optional(v.string()),
    "aws_console": v.optional(texts),
    ssh: v.optional(texts),
    "windows_desktop": v.optional(texts),
    database: v.optional(v.strictObject({
      users: v.optional(texts),
      names: v.optional(texts),
      roles: v.optional(texts),
    })),
  }),
]));

const count = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0);
const THRESHOLDS = v.array(v.strictObject({
  name: v.optional(v.string()),
  filter: v.optional(v.string()),
  approve: count,
  deny: count,
}));
const SETS = v.record(v.string(), v.array(v.array(v.pipe(v.number(), v.integer()))));
const LABELS = v.record(v.string(), texts);

/** The calls for the requests of a cluster. */
export function requestActions(cluster: Cluster): Actions {
  const decide = (state?: RequestState) => (parameters: Parameters) => {
    const id = parameters.required("id");
    const reason = parameters.text("reason");
    const assumeStart = parameters.time("assume_start", cluster.now());
    cluster.setState(id, state ?? parameters.state("state"), {
      ...reason && { reason },
      ...assumeStart && { assumeStartTime: timestampFromDate(assumeStart) },
    });
    return "ok";
  };
  return [
    ["/create", (parameters) => {
      const request = newRequest(parameters, cluster.now());
      const times = parameters.integer("n", 1, 100_000);
      return Array.from({ length: times }, () => cluster.create(request).Metadata?.Name);
    }],
    ["/review", (parameters) => {
      const assumeStart = parameters.time("assume_start", cluster.now());
      cluster.review(parameters.required("id"), {
        author: parameters.text("author") ?? "bob@example.com",
        state: parameters.state("state"),
        reason: parameters.text("reason") ?? "",
        submittedBy: parameters.text("submitted_by") ?? "",
        ...assumeStart && { assumeStart },
        ...accessList(parameters),
      });
      return "ok";
    }],
    ["/resolve", decide()],
    ["/approve", decide(RequestState.APPROVED)],
    ["/deny", decide(RequestState.DENIED)],
    ["/promote", (parameters) => {
      const title = parameters.text("title") ?? "Access list";
      const list = { name: parameters.text("name") ?? "access-list", title };
      cluster.promote(parameters.required("id"), list, parameters.text("reason") ?? "");
      return "ok";
    }],
    ["/delete", (parameters) => {
      cluster.delete(parameters.required("id"));
      return "ok";
    }],
    ["/expire", (parameters) => {
      cluster.expire(parameters.required("id"));
      return "ok";
    }],
    ["/requests", () => cluster.list().map((request) => toJson(AccessRequestV3Schema, request))],
  ];
}

function newRequest(parameters: Parameters, now: Date): NewRequest {
  const time = (name: string, key: keyof NewRequest) => {
    const value = parameters.time(name, now);
    return value && { [key]: value };
  };
  const kind = parameters.text("kind");
  const roleThresholds = parameters.json("role_thresholds", SETS);
  const annotations = parameters.json("annotations", LABELS);
  return {
    ...parameters.some("user"),
    ...parameters.some("reason"),
    ...parameters.someList("roles"),
    ...parameters.someList("reviewers"),
    ...thresholds(parameters),
    ...roleThresholds && { roleThresholds },
    ...annotations && { annotations },
    resources: resources(parameters),
    ...parameters.text("resources_in") !== undefined && {
      resourcesIn: parameters.oneOf("resources_in", ["14", "26", "both"]),
    },
    ...time("expires", "expires"),
    ...time("access_expires", "accessExpires"),
    ...time("max_duration", "maxDuration"),
    ...time("session_ttl", "sessionTtl"),
    ...time("assume_start", "assumeStart"),
    ...kind !== undefined && { kind: parameters.oneOf("kind", ["short", "long"]) },
    recommendedAccessList: parameters.text("access_list") ?? "",
    validation: parameters.text("validation") ?? "",
    loginHint: parameters.text("login_hint") ?? "",
  };
}

/** `approve` and `deny` for one threshold, or a list of them. */
function thresholds(parameters: Parameters): Pick<NewRequest, "thresholds"> {
  const list = parameters.json("thresholds", THRESHOLDS);
  if (list !== undefined) {
    return {
      thresholds: list.map(({ name = "", filter = "", approve, deny }) => ({
        name,
        filter,
        approve,
        deny,
      })),
    };
  }
  const approve = parameters.integer("approve", 0, 100);
  const deny = parameters.integer("deny", 0, 100);
  return approve + deny > 0 ? { thresholds: { approve, deny } } : {};
}

/** A JSON list, or comma-separated paths. */
function resources(parameters: Parameters): readonly NewRequestedResource[] {
  const text = parameters.text("resources") ?? "";
  if (!text.startsWith("[")) {
    return (parameters.someList("resources").resources ?? []).map(fromPath);
  }
  return (parameters.json("resources", RESOURCES) ?? []).map((resource) => {
    if (typeof resource === "string") return fromPath(resource);
    const { cluster, kind, name, sub = "", aws_console: roleArns, ssh: logins, database } =
      resource;
    const desktopLogins = resource["windows_desktop"];
    return {
      kind,
      name,
      part: sub,
      ...cluster !== undefined && { cluster },
      ...roleArns && { roleArns },
      ...logins && { logins },
      ...desktopLogins && { desktopLogins },
      ...database && {
        database: {
          users: database.users ?? [],
          names: database.names ?? [],
          roles: database.roles ?? [],
        },
      },
    };
  });
}

/** `/cluster/kind/name`, optionally followed by `/part`. */
function fromPath(path: string): NewRequestedResource {
  const [, cluster, kind, name, part = ""] =
    /^\/([^/]+)\/([^/]+)\/([^/]+)(?:\/(.+))?$/.exec(path) ??
      [];
  if (cluster === undefined || kind === undefined || name === undefined) {
    throw new ParameterError(`parameter 'resources' is '${path}', want /cluster/kind/name`);
  }
  return { cluster, kind, name, part };
}

function accessList(parameters: Parameters) {
  const name = parameters.text("access_list");
  return name === undefined
    ? {}
    : { accessList: { name, title: parameters.text("title") ?? name } };
}
