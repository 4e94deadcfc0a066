/** Routes by the rules of the cluster, the routes of the file and the role map. */

import { defined } from "../optional.ts";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import { ConditionError } from "./condition/error.ts";
import { decide } from "./decision.ts";
import { lookUp, type LookupDeps, type Needs } from "./lookups.ts";
import type { RoutingPolicy } from "./policy.ts";
import { requestFacts } from "./request_facts.ts";
import type { Notice, Routed, Router } from "./router.ts";
import type { Rule } from "./rules/rule.ts";
import type { RoutedEvent } from "./trace.ts";

/** The rules that count now. */
export interface RuleSource {
  /** In the order of their names; waits until they are known. */
  current(signal: AbortSignal): Promise<readonly Rule[]>;
}

/** Without rules: for tests, and where no cluster is asked. */
export const NO_RULES: RuleSource = { current: () => Promise.resolve([]) };

export interface RuleRouterDeps extends LookupDeps {
  readonly rules: RuleSource;
  /** Finds the email addresses of requesters; absent = the user name is the address. */
  readonly requesters?: {
    /** Rejects when the cluster cannot answer for the moment. */
    addressOf(user: string, requestId: string, signal: AbortSignal): Promise<string | undefined>;
  };
}

export class RuleRouter implements Router {
  /** Notices that were given, by what they are about. */
  readonly #given = new WeakMap<object, Set<string>>();
  /** Ends when those before it are decided: the traces of many at once, with many rules, are large. */
  #decided: Promise<unknown> = Promise.resolve();

  constructor(private readonly policy: RoutingPolicy, private readonly deps: RuleRouterDeps) {}

  route(request: AccessRequest, signal: AbortSignal): Promise<Routed> {
    return this.#route(request, "new", signal);
  }

  async #route(request: AccessRequest, event: RoutedEvent, signal: AbortSignal): Promise<Routed> {
    const rules = await this.deps.rules.current(signal);
    const needs = needsOf(this.policy, rules, event);
    const looked = await lookUp(request, needs, this.deps, signal);
    const requesterAddress = this.policy.includesRequester === true
      ? undefined
      : await this.deps.requesters?.addressOf(request.user, request.id, signal);
    signal.throwIfAborted();
    const { trace, notices } = await this.#inTurn(() =>
      decide(this.policy, {
        event,
        request,
        rules,
        facts: requestFacts(request, looked),
        accessListOwners: looked.accessListOwners,
        ...defined({ requesterAddress }),
      })
    );
    return {
      recipients: trace.recipients.map(({ address }) => address),
      notices: [...looked.notices, ...notices].filter((notice) => this.#isNew(notice)),
      trace,
    };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#decided.then(work);
    this.#decided = done.catch(() => {});
    return done;
  }

  /** What is wrong with a rule is wrong for every request, and given once. */
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

/** What rules and routes want to know beside the request. */
export function needsOf(
  { routes }: Pick<RoutingPolicy, "routes">,
  rules: readonly Rule[],
  event: RoutedEvent,
): Needs {
  const used = routes.filter(({ on }) => on.has(event));
  const conditions = [...rules, ...used].flatMap(({ condition }) =>
    condition === undefined || condition instanceof ConditionError ? [] : [condition]
  );
  const names = (kind: string) =>
    used.some(({ recipients }) => recipients.some((recipient) => recipient.kind === kind));
  return {
    traits: names("trait") || conditions.some(({ needs }) => needs.has("traits")),
    labels: conditions.some(({ needs }) => needs.has("labels")),
    accessListOwners: names("access_list_owners"),
  };
}
