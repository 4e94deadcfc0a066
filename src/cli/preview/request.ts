/** A real request for `preview`: of the cluster, or of a file as `route` takes it. */

import { systemClock } from "../../clock.ts";
import type { Config, TeleportConfig } from "../../config/config.ts";
import { fileError } from "../../text.ts";
import type { MailData } from "../../mail/content/mail_data.ts";
import { mailData } from "../../requests/delivery/mail_data.ts";
import type { PluginRecord } from "../../requests/record/record.ts";
import type { AccessRequest } from "../../teleport/access_request/read.ts";
import type { RequestedResource } from "../../teleport/access_request/resources.ts";
import { ClusterError } from "../../teleport/errors.ts";
import { findResources, type FoundResources } from "../../teleport/resources/lookup.ts";
import { DocumentError, readDocuments } from "../route/documents.ts";
import { withCluster } from "../with_cluster.ts";
import { readText } from "../../read_file.ts";

/** A request with what is known of its resources. */
interface Subject {
  readonly request: AccessRequest;
  readonly clusterName: string;
  readonly resources: Pick<FoundResources, "of">;
}

/**
 * The data of the first email about each request: of the file, or the one with that id.
 *
 * @throws {DocumentError | ClusterError | StartError}
 */
export async function requestData(
  request: string,
  config: Partial<Pick<Config, "teleport">> | undefined,
): Promise<readonly MailData[]> {
  const source = await readIfFile(request);
  const subjects = source === undefined
    ? [await ofCluster(request, config?.teleport)]
    : ofFile(source, request);
  return subjects.flatMap((subject) => firstMail(subject) ?? []);
}

async function readIfFile(path: string): Promise<string | undefined> {
  try {
    return await readText(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new DocumentError(fileError("open", path, error));
  }
}

function ofFile(source: string, path: string): readonly Subject[] {
  const { requests, resources } = readDocuments(source, path);
  if (requests.length === 0) throw new DocumentError(`${path}: no access_request document`);
  return requests.map((request) => ({
    request,
    clusterName: request.resources[0]?.cluster ?? "example.teleport.sh",
    resources: {
      of: ({ kind, name }) =>
        resources.find((resource) => resource.kind === kind && resource.name === name),
    },
  }));
}

async function ofCluster(
  id: string,
  teleport: TeleportConfig | undefined,
): Promise<Subject> {
  if (teleport === undefined) {
    throw new DocumentError(
      `'${id}' is not a file; a request of the cluster takes a configuration (--config)`,
    );
  }
  return await withCluster(teleport, async ({ client, server: { clusterName }, signal }) => {
    const requests = await client.listRequests(signal) ?? [];
    const request = requests.find((one) => one.id === id);
    if (request === undefined) {
      throw new ClusterError("not-found", `'${id}' is neither a file nor a request of the cluster`);
    }
    const own = request.resources.filter((one: RequestedResource) => one.cluster === clusterName);
    return { request, clusterName, resources: await findResources(client, own, signal) };
  });
}

function firstMail({ request, clusterName, resources }: Subject): MailData | undefined {
  const nowMs = systemClock.now();
  const mail = {
    kind: "new",
    to: "",
    index: 0,
    sinceMs: nowMs,
    attempts: 0,
    notBeforeMs: 0,
  } as const;
  const record: PluginRecord = {
    user: request.user,
    roles: request.roles,
    requestReason: request.reason,
    isResourceRequest: request.resources.length > 0,
    reviewsCount: 0,
    resolution: "",
    resolveReason: "",
    reopened: 0,
    reminded: 0,
    threads: [],
    foreignThreads: [],
    owed: request.suggestedReviewers.map((to) => ({ ...mail, to })),
    failed: [],
  };
  const job = { id: request.id, mail, snapshot: request, lastKnown: request, record };
  return mailData(job, { clusterName, link: () => undefined, resources, nowMs });
}
