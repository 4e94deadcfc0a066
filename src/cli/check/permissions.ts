/**
 * What the role may do: each call that the daemon makes is tried so that nothing changes (wire.md §5.5).
 * A permission to list that is missing narrows the server's answers in silence; only the calls for
 * plugin data and the watch refuse.
 */

import type { TeleportClient } from "../../teleport/client.ts";
import { ClusterError } from "../../teleport/errors.ts";
import { type Finding, timed } from "./finding.ts";

const WATCH_AND_READ = { resource: "access_request", verbs: ["list", "read"] } as const;
const WRITE = { resource: "access_plugin_data", verbs: ["update"] } as const;
type Rule = typeof WATCH_AND_READ | typeof WRITE;

interface Probe {
  readonly check: string;
  readonly needs: Rule;
  /** Returns what there is to say when it works. */
  readonly run: (client: TeleportClient, signal: AbortSignal) => Promise<string>;
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
      return requests === undefined
        ? "the server has no call for it, requests are followed by events alone"
        : `${requests.length} requests listed`;
    },
  },
  {
    check: "permission.read_data",
    needs: WATCH_AND_READ,
    run: async (client, signal) => `${(await client.listRecords(signal)).size} records of ours`,
  },
  {
    check: "permission.write_data",
    needs: WRITE,
    run: async (client, signal) => {
      await client.writeRecord(crypto.randomUUID(), {}, IMPOSSIBLE, signal);
      return "tried with a write that changes nothing";
    },
  },
];

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
    } else if (value.kind === "denied") {
      missing.add(needs);
      const remedy = `give the role the verbs ${
        quoted(needs.verbs)
      } on '${needs.resource}', see below`;
      findings.push({ check, level: "problem", text: value.message, remedy, tookMs });
    } else {
      const remedy = "try again; if it stays so, look at the auth server's log";
      findings.push({ check, level: "problem", text: value.message, remedy, tookMs });
    }
  }
  return missing.size === 0 ? findings : [...findings, lackingRole([...missing], user)];
}

async function tried(run: () => Promise<string>): Promise<string | ClusterError> {
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
