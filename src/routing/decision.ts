/** Who is mailed about a request: a function of the request, the rules and what was looked up. */

import { setImmediate } from "node:timers";
import { truncate } from "../text.ts";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import type { FactValues, Unavailable } from "./condition/facts.ts";
import type { RoutingPolicy } from "./policy.ts";
import { MAX_ADDRESS_LENGTH, RecipientList } from "./recipient_list.ts";
import type { Notice } from "./router.ts";
import type { Route, RouteRecipient } from "./routes.ts";
import { evaluate, type Evaluated } from "./rules/evaluate.ts";
import type { Rule } from "./rules/rule.ts";
import { addSuggestedReviewers } from "./suggested_reviewers.ts";
import type {
  DecidedBy,
  ReviewerTrace,
  RoleTrace,
  RoutedEvent,
  RoutingTrace,
  StepTrace,
} from "./trace.ts";

/** What the decision is about. */
export interface DecisionInput {
  readonly event: RoutedEvent;
  readonly request: Pick<AccessRequest, "user" | "roles" | "suggestedReviewers">;
  /** In the order in which they are looked at. */
  readonly rules: readonly Rule[];
  /** The request as conditions see it, with traits and labels as far as something needs them. */
  readonly facts: FactValues;
  /** User names of the owners of the access list that the request was promoted to. */
  readonly accessListOwners: readonly string[] | Unavailable;
  /** The requester's email address, where it is not the user name. */
  readonly requesterAddress?: string;
}

/** Who is mailed and why, and what the operator should know. */
export interface Decision {
  readonly trace: RoutingTrace;
  readonly notices: readonly Notice[];
}

/**
 * All rules that match decide together; otherwise the first route that matches, and those that continue
 * before it; otherwise the role map and the suggested reviewers. Rules and routes that name no email
 * address do not decide.
 */
export async function decide(policy: RoutingPolicy, input: DecisionInput): Promise<Decision> {
  const decider = new Decider(policy, input);
  const decidedBy = await decider.decide();
  return { trace: { event: input.event, decidedBy, ...decider.trace() }, notices: decider.notices };
}

/** Rules that are evaluated before anything else has its turn: a millisecond or two. */
const RULES_PER_TURN = 100;

const REQUESTER_REASON = "requesters cannot review their own requests (delivery.include_requester)";

/** Lets timers and I/O go on. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Asks rules, routes and the role map, and keeps what they say. */
class Decider {
  readonly notices: Notice[] = [];
  readonly #list: RecipientList;
  readonly #rules: StepTrace[] = [];
  readonly #routes: StepTrace[] = [];
  readonly #roles: RoleTrace[] = [];
  #reviewers: readonly ReviewerTrace[] = [];
  /** The route that decides has the keyword `requester`. */
  #isRequesterWanted = false;

  constructor(private readonly policy: RoutingPolicy, private readonly input: DecisionInput) {
    this.#list = new RecipientList(policy.isAddress);
  }

  trace(): Omit<RoutingTrace, "event" | "decidedBy"> {
    const { recipients, leftOut } = this.#list;
    return {
      rules: this.#rules,
      routes: this.#routes,
      roles: this.#roles,
      reviewers: this.#reviewers,
      recipients,
      leftOut,
    };
  }

  async decide(): Promise<DecidedBy> {
    const decidedBy = await this.#ask();
    this.#leaveOutRequester();
    return decidedBy;
  }

  /** Teleport refuses reviews of one's own request. A sole recipient stays: the request has to be seen. */
  #leaveOutRequester(): void {
    const { event, request: { user }, requesterAddress = user } = this.input;
    if (event !== "new" || this.policy.includesRequester === true || this.#isRequesterWanted) {
      return;
    }
    for (const address of new Set([user, requesterAddress].map((one) => one.toLowerCase()))) {
      if (!this.#list.withdraw(address, REQUESTER_REASON)) continue;
      this.#reviewers = this.#reviewers.map((one) =>
        one.reviewer.toLowerCase() === address ? { ...one, leftOut: REQUESTER_REASON } : one
      );
    }
  }

  async #ask(): Promise<DecidedBy> {
    const asked = this.policy.precedence === "rules"
      ? await this.#askRules() ?? this.#askRoutes()
      : this.#askRoutes() ?? await this.#askRules();
    if (asked !== undefined) return asked;
    this.#askRoleMap();
    return "map";
  }

  async #askRules(): Promise<DecidedBy | undefined> {
    const withoutAddress: Rule[] = [];
    let hasDecided = false;
    for (const [i, rule] of this.input.rules.entries()) {
      if (i % RULES_PER_TURN === RULES_PER_TURN - 1) await turn();
      const { name, recipients } = rule;
      const step = this.#evaluate(rule, "access monitoring rule", { rule: name });
      const mailed = step.matched
        ? recipients.filter((recipient) => this.#addOfRule(recipient, rule))
        : [];
      if (mailed.length > 0) hasDecided = true;
      else if (step.matched && recipients.length > 0) withoutAddress.push(rule);
      const isIdle = step.matched && mailed.length === 0;
      this.#rules.push(isIdle ? { ...step, note: "it names no email address" } : step);
    }
    if (hasDecided) return "rules";
    for (const rule of withoutAddress) {
      const message = "Matching access monitoring rule names no email address and does not count";
      this.notices.push({ message, fields: { rule: rule.name }, about: rule });
    }
    return undefined;
  }

  #addOfRule(recipient: string, rule: Rule): boolean {
    if (this.#list.add(recipient, `rule '${rule.name}'`)) return true;
    const message = "Recipient of an access monitoring rule is not an email address";
    const fields = { rule: rule.name, recipient: truncate(recipient, MAX_ADDRESS_LENGTH) };
    this.notices.push({ message, fields, about: rule });
    return false;
  }

  #askRoutes(): DecidedBy | undefined {
    for (const route of this.policy.routes) {
      if (!route.on.has(this.input.event)) {
        const note = `it is not for emails of kind '${this.input.event}'`;
        this.#routes.push({ name: route.name, matched: false, note });
        continue;
      }
      const step = this.#evaluate(route, "route", { route: route.name });
      if (!step.matched) {
        this.#routes.push(step);
        continue;
      }
      if (route.isSilent) {
        this.#routes.push({ ...step, note: "it mails nobody" });
        return "silence";
      }
      const hasAddress = this.#addOfRoute(route);
      const note = !hasAddress
        ? { note: "it names no email address" }
        : route.continues
        ? { note: "it continues" }
        : {};
      this.#routes.push({ ...step, ...note });
      if (hasAddress && !route.continues) return "routes";
      if (!hasAddress) {
        const message = "Route names no email address for this request and does not count";
        this.notices.push({ message, fields: { route: route.name } });
      }
    }
    return undefined;
  }

  /** Whether the route names any address. */
  #addOfRoute(route: Route): boolean {
    const added = route.recipients.map((recipient) =>
      this.#addRouteRecipient(recipient, `route '${route.name}'`)
    );
    return added.includes(true);
  }

  #addRouteRecipient(recipient: RouteRecipient, route: string): boolean {
    const { request, facts: { facts: { traits } }, accessListOwners } = this.input;
    switch (recipient.kind) {
      case "address":
        return this.#list.add(recipient.address, route);
      case "requester":
        this.#isRequesterWanted = true;
        return this.#list.add(request.user, `${route}, the requester`);
      case "suggested_reviewers":
        return this.#addSuggestedReviewers(`${route}, suggested reviewer`);
      case "trait": {
        const name = recipient.trait;
        const values = "unavailable" in traits ? traits : traits.get(name) ?? [];
        return this.#addNames(
          values,
          `trait:${name}`,
          `${route}, trait '${name}' of the requester`,
        );
      }
      case "access_list_owners":
        return this.#addNames(
          accessListOwners,
          "access_list_owners",
          `${route}, owner of the access list`,
        );
    }
  }

  /** Adds the addresses among names that were looked up. */
  #addNames(
    names: readonly string[] | Unavailable,
    keyword: string,
    because: string,
  ): boolean {
    if ("unavailable" in names) {
      this.#list.leaveOut(keyword, because, names.unavailable);
      return false;
    }
    if (names.length === 0) this.#list.leaveOut(keyword, because, "there is none");
    return names.filter((name) => this.#list.add(name, because)).length > 0;
  }

  #askRoleMap(): void {
    for (const role of this.input.request.roles) {
      const entry = this.policy.roles.find(role);
      if (entry === undefined) {
        this.#roles.push({ role, recipients: [] });
        continue;
      }
      const { key, kind, recipients } = entry;
      this.#roles.push({ role, key, kind, recipients });
      const what = kind === "pattern" ? "pattern" : "entry";
      const because = `role '${role}', ${what} '${key}' of role_to_recipients`;
      for (const recipient of recipients) this.#list.add(recipient, because);
    }
    this.#addSuggestedReviewers("suggested reviewer");
  }

  #addSuggestedReviewers(because: string): boolean {
    const { suggestedReviewers } = this.input.request;
    const { notices, traces } = addSuggestedReviewers(
      this.#list,
      suggestedReviewers,
      because,
      this.policy,
    );
    this.notices.push(...notices);
    this.#reviewers = traces;
    return traces.some(({ leftOut }) => leftOut === undefined);
  }

  /** The trace of a rule or route, with a notice when it cannot be evaluated. */
  #evaluate(
    conditional: Parameters<typeof evaluate>[0],
    what: string,
    fields: Notice["fields"],
  ): StepTrace {
    const { facts } = this.input;
    // The original has no routes.
    const options = { isStrict: this.policy.hasStrictSchedules && !("on" in conditional) };
    const { failed, ...step }: Evaluated = evaluate(conditional, facts, options);
    // A failed lookup is reported once, and not for everything that would have needed it.
    if (failed === "schedules" || failed === "condition") {
      const message = `Failed to evaluate ${what} ${failed}`;
      this.notices.push({
        message,
        fields: { ...fields, error: step.error },
        about: conditional,
      });
    }
    return step;
  }
}
