/**
 * What the role may do: each call that the daemon makes is tried so that nothing changes
 * (teleport-protocol.md §5.5). Without the verb `list` the server does not refuse but leaves out
 * requests in silence, so that one is read from the roles themselves.
 */

import type { TeleportClient } from "../../teleport/client.ts";
import { ClusterError } from "../../teleport/errors.ts";
import { missingVerbs } from "../../teleport/permissions.ts";
import { pluralize } from "../text.ts";
import { type Finding, timed } from "./finding.ts";

const WATCH_AND_READ = { resource: "access_request", verbs: ["list", "read"] } as const;
const WRITE = { resource: "access_plugin_data", verbs: ["update"] } as const;
type Rule = typeof WATCH_AND_READ | typeof WRITE;

interface Probe {
  readonly check: string;
  readonly needs: Rule;
  /** Returns what was found when the call works, as text or as a warning. */
  readonly run: (client: TeleportClient, signal: AbortSignal) => Promise<string | Doubt>;
}

/** A call that works, perhaps not for everything. */
interface Doubt {
  readonly text: string;
  readonly remedy: string;
}

/** No request has it: what it is expected to be is never so, and the write changes nothing. */
const IMPOSSIBLE = { owner: "teleport-email check" } as const;

const PROBES: readonly Probe[] = [
  {
    check: "permission.watch",
    needs: WATCH_AND_READ,
    run: async (client, signal) => {
      for await (const event of client.watch(signal)) {
        if (event.type === "init") return "the server confirms the watch";
      }
      throw new ClusterError("unavailable", "the server ended the watch before it began");
    },
  },
  {
    check: "permission.list",
    needs: WATCH_AND_READ,
    run: async (client, signal) => {
      const requests = await client.listRequests(signal);
      return await listedInSilence(client, signal) ??
        (requests === undefined
          ? "the server has no call for it, requests are followed by events alone"
          : `${pluralize(requests.length, "request")} listed`);
    },
  },
  {
    check: "permission.read_data",
    needs: WATCH_AND_READ,
    run: async (client, signal) =>
      `${pluralize((await client.listRecords(signal)).size, "record")} of this plugin`,
  },
  {
    check: "permission.write_data",
    needs: WRITE,
    run: async (client, signal) => {
      await client.writeRecord(crypto.randomUUID(), {}, IMPOSSIBLE, signal);
      return "verified with a write that changes nothing";
    },
  },
];

/**
 * What the roles leave open of a listing that has worked; undefined when it is complete, or when the
 * server is too old to tell.
 *
 * @throws {ClusterError} `denied` when a verb is missing
 */
async function listedInSilence(
  client: TeleportClient,
  signal: AbortSignal,
): Promise<Doubt | undefined> {
  const roles = await client.currentRoles(signal);
  if (roles === undefined) return undefined;
  const { resource, verbs } = WATCH_AND_READ;
  const { denied, conditional } = missingVerbs(roles, resource, verbs);
  if (denied.length > 0) {
    const lack = `the roles do not grant ${quoted(denied)} on '${resource}', or deny it`;
    throw new ClusterError(
      "denied",
      `${lack}: the server lists only some requests, without an error`,
    );
  }
  if (conditional.length === 0) return undefined;
  return {
    text: `the roles grant ${quoted(conditional)} on '${resource}' only under a condition ` +
      "('where'): the server may list only some requests, without an error",
    remedy: `grant ${quoted(conditional)} on '${resource}' in a rule without 'where'`,
  };
}

/** Tries each call; the last finding has a role with what is missing. */
export async function checkPermissions(
  client: TeleportClient,
  user: string,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const missing = new Set<Rule>();
  for (const { check, needs, run } of PROBES) {
    const done = new AbortController();
    const { value, tookMs } = await timed(() => tried(() => run(client, done.signal)));
    done.abort();
    if (typeof value === "string") {
      findings.push({ check, level: "ok", text: value, tookMs });
    } else if (!(value instanceof ClusterError)) {
      findings.push({ check, level: "warning", ...value, tookMs });
    } else if (value.kind === "denied") {
      missing.add(needs);
      const remedy = `give the role the verbs ${
        quoted(needs.verbs)
      } on '${needs.resource}', see below`;
      findings.push({ check, level: "problem", text: value.message, remedy, tookMs });
    } else {
      const remedy = "try again; if it fails again, look at the auth server's log";
      findings.push({ check, level: "problem", text: value.message, remedy, tookMs });
    }
  }
  return missing.size === 0 ? findings : [...findings, lackingRole([...missing], user)];
}

async function tried<T>(run: () => Promise<T>): Promise<T | ClusterError> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ClusterError) return error;
    throw error;
  }
}

function lackingRole(rules: readonly Rule[], user: string): Finding {
  return {
    check: "permission.role",
    level: "problem",
    text: `the roles of '${user}' lack ` +
      rules.map(({ resource, verbs }) => `${quoted(verbs)} on '${resource}'`).join(" and "),
    remedy: "save this as role.yaml, run 'tctl create -f role.yaml', add the role " +
      `'teleport-email' to '${user}' ('tctl users update', or the bot's roles), sign new credentials`,
    attachment: roleYaml(rules),
  };
}

/** A role with these rules and nothing else. */
export function roleYaml(
  rules: readonly { readonly resource: string; readonly verbs: readonly string[] }[],
): string {
  return `kind: role
version: v7
metadata:
  name: teleport-email
spec:
  allow:
    rules:
${
    rules.map(({ resource, verbs }) =>
      `      - resources: [${resource}]\n        verbs: [${verbs.join(", ")}]`
    ).join("\n")
  }`;
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(" and ");
}
