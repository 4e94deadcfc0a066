/**
 * Whether access monitoring rules count: without these permissions the daemon works, and routes by the
 * roles of the configuration. Users and resources are asked for only if some rule, route or key needs them.
 */

import type { Route } from "../../routing/routes.ts";
import { needsOf } from "../../routing/rule_router.ts";
import { readRule, type Rule } from "../../routing/rules/rule.ts";
import type { TeleportClient } from "../../teleport/client.ts";
import { ClusterError } from "../../teleport/errors.ts";
import { pluralize } from "../text.ts";
import { type Finding, timed } from "./finding.ts";

const PRESET = 'the preset role "access-plugin" has it';

interface Probe {
  readonly check: string;
  /** The permission, as a role grants it. */
  readonly grant: string;
  readonly without: string;
  /** What it means that the server does not know the call. */
  readonly unsupported?: string;
  readonly run: () => Promise<string>;
}

/** The parts of the configuration that make the daemon look something up. */
export interface LookupSettings {
  readonly routes: readonly Route[];
  /** The trait with users' addresses, if any are looked up. */
  readonly requesterTrait: string | undefined;
  /** Whether owners of access lists are reminded of reviews. */
  readonly accessLists: boolean;
}

/** Tries to read rules, and traits and labels if something needs them. */
export async function checkRulePermissions(
  client: TeleportClient,
  { routes, requesterTrait, accessLists }: LookupSettings,
): Promise<readonly Finding[]> {
  const { signal } = new AbortController();
  let rules: readonly Rule[] = [];
  const findings = [
    await probed({
      check: "permission.rules",
      grant: "'list' and 'read' on 'access_monitoring_rule'",
      without: "rules of the cluster do not count, role_to_recipients decides",
      run: async () => {
        rules = (await client.listRules(signal))
          .map(readRule)
          .flatMap((reading) => reading.applies ? [reading.rule] : []);
        return `${pluralize(rules.length, "access monitoring rule")} for this plugin`;
      },
    }),
  ];
  const { traits, labels, accessListOwners } = needsOf({ routes }, rules);
  if (traits || requesterTrait !== undefined) {
    findings.push(
      await probed({
        check: "permission.traits",
        grant: "'read' on 'user' and 'user_login_state'",
        without: [
          ...traits ? ["requesters count as having no traits"] : [],
          ...requesterTrait === undefined ? [] : ["users are emailed at their user names"],
        ].join(", "),
        run: async () => {
          // A user that does not exist: the server checks permissions first.
          await client.readTraits(crypto.randomUUID(), signal);
          return "verified with a user who does not exist";
        },
      }),
    );
  }
  if (labels) {
    findings.push(
      await probed({
        check: "permission.labels",
        grant: "'list' and 'read' on 'node', and so on, with 'review_requests.preview_as_roles'",
        without: "requested resources count as having no labels",
        run: async () => {
          await client.listResources("node", [crypto.randomUUID()], signal);
          return "verified with a server that does not exist";
        },
      }),
    );
  }
  if (accessListOwners) {
    findings.push(
      await probed({
        check: "permission.access_list_owners",
        grant: "'list' and 'read' on 'access_list'",
        without: "owners of access lists get no email",
        unsupported: "this edition has no access lists",
        run: async () => {
          await client.listAccessListOwners(crypto.randomUUID(), signal).catch((error) => {
            // The server checks permissions first.
            if (!(error instanceof ClusterError) || error.kind !== "not-found") throw error;
          });
          return "tried with an access list that does not exist";
        },
      }),
    );
  }
  if (accessLists) {
    findings.push(
      await probed({
        check: "permission.access_lists",
        grant: "'list' and 'read' on 'access_list'",
        without: "their owners are not reminded of reviews",
        unsupported: "this edition has no access lists",
        run: async () => {
          const lists = await client.listAccessLists(signal);
          await client.listListRecords(signal);
          return `${lists.length} access lists`;
        },
      }),
    );
  }
  return findings;
}

async function probed({ check, grant, without, unsupported, run }: Probe): Promise<Finding> {
  try {
    const { value, tookMs } = await timed(run);
    return { check, level: "ok", text: value, tookMs };
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    if (error.kind === "unsupported") {
      return {
        check,
        level: "skipped",
        text: `${unsupported ?? "the server is too old for it"}: ${without}`,
      };
    }
    const remedy = error.kind === "denied"
      ? `grant ${grant} (${PRESET}), sign new credentials`
      : "try again; if it fails again, look at the auth server's log";
    return { check, level: "warning", text: `${error.message}: ${without}`, remedy };
  }
}
