/** A routing decision in progress: its input, and what rules, routes and the role map have added. */

import type { AccessRequest } from "../teleport/access_request/read.ts";
import type { FactValues, Unavailable } from "./condition/facts.ts";
import type { RoutingPolicy } from "./policy.ts";
import { type Emails, EVERY_EMAIL, RecipientList } from "./recipient_list.ts";
import type { Notice } from "./router.ts";
import { type Conditional, evaluate, type Evaluated } from "./rules/evaluate.ts";
import type { Rule } from "./rules/rule.ts";
import { addSuggestedReviewers } from "./suggested_reviewers.ts";
import type { ReviewerTrace, StepTrace } from "./trace.ts";

/** What a decision is about. */
export interface DecisionInput {
  readonly request: Pick<AccessRequest, "user" | "roles" | "suggestedReviewers">;
  /** In the order in which they are evaluated. */
  readonly rules: readonly Rule[];
  /** The request as conditions see it, with traits and labels as far as something needs them. */
  readonly facts: FactValues;
  /** User names of the access list's owners; absent while the request is not promoted to one. */
  readonly accessListOwners?: readonly string[] | Unavailable;
  /** The requester's email address, where it is not the user name. */
  readonly requesterAddress?: string;
}

export class Draft {
  readonly notices: Notice[] = [];
  readonly list: RecipientList;
  #reviewers: readonly ReviewerTrace[] | undefined;

  constructor(readonly policy: RoutingPolicy, readonly input: DecisionInput) {
    this.list = new RecipientList(policy.isAddress);
  }

  /** The suggested reviewers, if a route or the role map used them. */
  get reviewers(): readonly ReviewerTrace[] {
    return this.#reviewers ?? [];
  }

  /** Adds the suggested reviewers; returns whether any is a recipient. */
  addSuggestedReviewers(because: string, emails: Emails = EVERY_EMAIL): boolean {
    const { suggestedReviewers } = this.input.request;
    const { notices, traces } = addSuggestedReviewers(
      this.list,
      suggestedReviewers,
      because,
      emails,
      this.policy,
    );
    // Several kinds of email may use them.
    if (this.#reviewers === undefined) this.notices.push(...notices);
    this.#reviewers = traces;
    return traces.some(({ leftOut }) => leftOut === undefined);
  }

  /** Withdraws the recipient unless no other is left. */
  withdraw(address: string, reason: string): void {
    if (!this.list.withdraw(address, reason)) return;
    this.#reviewers = this.#reviewers?.map((one) =>
      one.reviewer.toLowerCase() === address ? { ...one, leftOut: reason } : one
    );
  }

  /** The trace of a rule or route, with a notice when it cannot be evaluated. */
  evaluate(
    conditional: Conditional,
    what: "access monitoring rule" | "route",
    fields: Notice["fields"],
  ): StepTrace {
    // The original has no routes.
    const options = { isStrict: this.policy.hasStrictSchedules && what !== "route" };
    const { failed, ...step }: Evaluated = evaluate(conditional, this.input.facts, options);
    // A failed lookup is reported once, not for each condition that reads it.
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
