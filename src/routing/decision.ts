/** Chooses the recipients of a request's emails: a function of the request, the rules and the lookups. */

import { setImmediate } from "node:timers";
import { defined } from "../optional.ts";
import { truncate } from "../text.ts";
import { type DecisionInput, Draft } from "./draft.ts";
import { FOLLOWING_EVENTS, type FollowUps, followUpsOf } from "./follow_ups.ts";
import type { RoutingPolicy } from "./policy.ts";
import { MAX_ADDRESS_LENGTH } from "./recipient_list.ts";
import type { Notice } from "./router.ts";
import { RouteWalk, separatesEmails } from "./route_walk.ts";
import type { Rule } from "./rules/rule.ts";
import type { DecidedBy, RoleTrace, RoutingTrace, StepTrace } from "./trace.ts";

/** The recipients and why, and what the operator should know. */
export interface Decision {
  readonly trace: RoutingTrace;
  /** Absent where all emails go to the recipients of the first one. */
  readonly followUps?: FollowUps;
  readonly notices: readonly Notice[];
}

/**
 * All rules that match decide together; otherwise the first route that matches, and those that continue
 * before it; otherwise the role map and the suggested reviewers. Rules and routes that name no email
 * address do not decide. Then routes that are limited to some kinds of email are asked for the kinds that
 * follow the first.
 */
export async function decide(policy: RoutingPolicy, input: DecisionInput): Promise<Decision> {
  return await new Decider(policy, input).decide();
}

/** Rules that are evaluated before anything else has its turn: a millisecond or two. */
const RULES_PER_TURN = 100;

const REQUESTER_REASON = "requesters cannot review their own requests (delivery.include_requester)";

/** Lets timers and I/O go on. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Asks rules, routes and the role map. */
class Decider {
  readonly #draft: Draft;
  readonly #walk: RouteWalk;
  readonly #rules: StepTrace[] = [];
  readonly #roles: RoleTrace[] = [];

  constructor(private readonly policy: RoutingPolicy, private readonly input: DecisionInput) {
    this.#draft = new Draft(policy, input);
    this.#walk = new RouteWalk(this.#draft);
  }

  async decide(): Promise<Decision> {
    const decidedBy = await this.#chooseFirst();
    this.#leaveOutRequester();
    const followUps = this.#chooseFollowUps(decidedBy);
    this.#walk.warn();
    const { list: { recipients, leftOut }, reviewers, notices } = this.#draft;
    const trace = {
      decidedBy,
      rules: this.#rules,
      routes: this.#walk.trace(),
      roles: this.#roles,
      reviewers,
      recipients,
      leftOut,
    };
    return { trace, notices, ...defined({ followUps }) };
  }

  /** The recipients of the first email. */
  async #chooseFirst(): Promise<DecidedBy> {
    const asked = this.policy.precedence === "rules"
      ? await this.#askRules() ?? this.#askRoutes()
      : this.#askRoutes() ?? await this.#askRules();
    if (asked !== undefined) return asked;
    this.#askRoleMap();
    return "map";
  }

  /** Teleport refuses reviews of one's own request. A sole recipient stays: the request has to be seen. */
  #leaveOutRequester(): void {
    const { request: { user }, requesterAddress = user } = this.input;
    if (this.policy.includesRequester === true || this.#walk.isRequesterWanted) return;
    for (const address of new Set([user, requesterAddress].map((one) => one.toLowerCase()))) {
      this.#draft.withdraw(address, REQUESTER_REASON);
    }
  }

  /** The recipients of other emails; undefined if they are those of the first. */
  #chooseFollowUps(decidedBy: DecidedBy): FollowUps | undefined {
    const { policy: { precedence, routes } } = this;
    const areRoutesAsked = precedence === "routes" || decidedBy !== "rules";
    if (!areRoutesAsked || !routes.some(separatesEmails)) return undefined;
    const silent = FOLLOWING_EVENTS.filter((event) => this.#walk.ask(event) === "silence");
    return followUpsOf(this.#draft.list.recipients, new Set(silent), this.#walk.hasListOwners);
  }

  #askRoutes(): DecidedBy | undefined {
    const outcome = this.#walk.ask("new");
    return outcome === "undecided" ? undefined : outcome;
  }

  async #askRules(): Promise<DecidedBy | undefined> {
    const withoutAddress: Rule[] = [];
    let hasDecided = false;
    for (const [i, rule] of this.input.rules.entries()) {
      if (i % RULES_PER_TURN === RULES_PER_TURN - 1) await turn();
      const { name, recipients } = rule;
      const step = this.#draft.evaluate(rule, "access monitoring rule", { rule: name });
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
      const message = "Matching access monitoring rule names no email address and is skipped";
      this.#draft.notices.push({ message, fields: { rule: rule.name }, about: rule });
    }
    return undefined;
  }

  #addOfRule(recipient: string, rule: Rule): boolean {
    if (this.#draft.list.add(recipient, `rule '${rule.name}'`)) return true;
    const message = "Recipient of an access monitoring rule is not an email address";
    const fields = { rule: rule.name, recipient: truncate(recipient, MAX_ADDRESS_LENGTH) };
    this.#draft.notices.push({ message, fields, about: rule });
    return false;
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
      for (const recipient of recipients) this.#draft.list.add(recipient, because);
    }
    this.#draft.addSuggestedReviewers("suggested reviewer");
  }
}
