/** Routes by the rules of the cluster, the routes of the file and the role map. */

import type { LogFields } from "../log.ts";
import { defined } from "../optional.ts";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import { ClusterError } from "../teleport/errors.ts";
import { ConditionError } from "./condition/error.ts";
import { decide } from "./decision.ts";
import { listOwners, lookUp, type LookupDeps, type Needs, ownersNotice } from "./lookups.ts";
import type { RoutingPolicy } from "./policy.ts";
import { RecipientList } from "./recipient_list.ts";
import { requestFacts } from "./request_facts.ts";
import type { ListOwners, Notice, Routed, Router } from "./router.ts";
import type { Rule } from "./rules/rule.ts";

/** The current rules. */
export interface RuleSource {
  /** In the order of their names; waits until they are known. */
  current(signal: AbortSignal): Promise<readonly Rule[]>;
}

/** No rules: for tests, and for commands without a cluster. */
export const NO_RULES: RuleSource = { current: () => Promise.resolve([]) };

/** A failing lookup of owners delays the emails to reviewers for at most this long. */
const OWNERS_PATIENCE_MS = 60_000;

export interface RuleRouterDeps extends LookupDeps {
  readonly rules: RuleSource;
  /** Finds the email addresses of requesters; absent = the user name is the address. */
  readonly requesters?: {
    /** Rejects when the cluster cannot answer for the moment. */
    addressOf(user: string, about: LogFields, signal: AbortSignal): Promise<string | undefined>;
  };
}

export class RuleRouter implements Router {
  /** Notices that were given, by what they are about. */
  readonly #given = new WeakMap<object, Set<string>>();
  /** Since when owners cannot be looked up, by request. */
  readonly #failingSinceMs = new Map<string, number>();
  /** Resolves when earlier decisions are made. One at a time, because traces of many rules are large. */
  #decided: Promise<unknown> = Promise.resolve();

  constructor(private readonly policy: RoutingPolicy, private readonly deps: RuleRouterDeps) {}

  async route(request: AccessRequest, signal: AbortSignal): Promise<Routed> {
    const rules = await this.deps.rules.current(signal);
    const needs = needsOf(this.policy, rules);
    const looked = await lookUp(request, needs, this.deps, signal);
    const requesterAddress = this.policy.includesRequester === true
      ? undefined
      : await this.deps.requesters?.addressOf(request.user, { request_id: request.id }, signal);
    signal.throwIfAborted();
    const { accessListOwners } = looked;
    const { trace, followUps, notices } = await this.#inTurn(() =>
      decide(this.policy, {
        request,
        rules,
        facts: requestFacts(request, looked),
        ...defined({ accessListOwners, requesterAddress }),
      })
    );
    return {
      recipients: trace.recipients.filter(({ emails }) => emails.includes("new"))
        .map(({ address }) => address),
      ...defined({ followUps }),
      notices: [...looked.notices, ...notices].filter((notice) => this.#isNew(notice)),
      trace,
    };
  }

  async listOwners(
    { id, accessList }: AccessRequest,
    signal: AbortSignal,
  ): Promise<ListOwners> {
    if (accessList === undefined) return { addresses: [], notices: [] };
    const { name } = accessList;
    let owners: readonly string[];
    try {
      owners = await listOwners(name, this.deps, signal);
    } catch (error) {
      if (!(error instanceof ClusterError) || signal.aborted) throw error;
      if (error.isTransient && this.#isPatient(id)) throw error;
      this.#failingSinceMs.delete(id);
      return { addresses: [], notices: [ownersNotice(name, error)] };
    }
    this.#failingSinceMs.delete(id);
    const list = new RecipientList(this.policy.isAddress);
    for (const owner of owners) list.add(owner, "owner of the access list");
    return {
      addresses: list.recipients.map(({ address }) => address),
      notices: list.leftOut.map(({ recipient }) => ({
        message: "Owner of an access list is not an email address",
        fields: { access_list: name, owner: recipient },
      })),
    };
  }

  /** Whether a lookup that fails may hold up the request's emails. */
  #isPatient(id: string): boolean {
    const nowMs = this.deps.clock.now();
    const sinceMs = this.#failingSinceMs.get(id) ?? nowMs;
    this.#failingSinceMs.set(id, sinceMs);
    return nowMs - sinceMs < OWNERS_PATIENCE_MS;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#decided.then(work);
    this.#decided = done.catch(() => {});
    return done;
  }

  /** A notice about a rule is given once, as it applies to every request. */
  #isNew({ about, message, fields: { error: _, ...fields } }: Notice): boolean {
    if (about === undefined) return true;
    const given = this.#given.get(about) ?? new Set();
    this.#given.set(about, given);
    const key = `${message} ${JSON.stringify(fields)}`;
    if (given.has(key)) return false;
    given.add(key);
    return true;
  }
}

/** What rules and routes need to know beside the request. */
export function needsOf(
  { routes }: Pick<RoutingPolicy, "routes">,
  rules: readonly Rule[],
): Needs {
  const conditions = [...rules, ...routes].flatMap(({ condition }) =>
    condition === undefined || condition instanceof ConditionError ? [] : [condition]
  );
  const names = (kind: string) =>
    routes.some(({ recipients }) => recipients.some((recipient) => recipient.kind === kind));
  return {
    traits: names("trait") || conditions.some(({ needs }) => needs.has("traits")),
    labels: conditions.some(({ needs }) => needs.has("labels")),
    accessListOwners: names("access_list_owners"),
  };
}
