/** The trace of a routing decision, for the command `route`. */

/** The kinds of email that are routed: the first one, those about reviews, the one about the end. */
export const ROUTED_EVENTS = ["new", "review", "resolution"] as const;

export type RoutedEvent = typeof ROUTED_EVENTS[number];

/** A rule or a route that was evaluated. */
export interface StepTrace {
  readonly name: string;
  readonly matched: boolean;
  /** The kinds of email that a route is limited to; absent = all. */
  readonly on?: readonly RoutedEvent[];
  /** The sub-expression of the condition that decided; absent when none was evaluated. */
  readonly decidedBy?: string;
  /** Why it could not be evaluated. */
  readonly error?: string;
  /** Why it was not evaluated, or does not count although it matched. */
  readonly note?: string;
}

/** A requested role and the entry of `role_to_recipients` that applies to it. */
export interface RoleTrace {
  readonly role: string;
  /** The key of the entry; absent when there is none. */
  readonly key?: string;
  readonly kind?: "name" | "pattern" | "default";
  readonly recipients: readonly string[];
}

/** A reviewer that the request suggests. */
export interface ReviewerTrace {
  readonly reviewer: string;
  /** Why it is not a recipient; absent when it is. */
  readonly leftOut?: string;
}

/** A recipient, with everything that named it. */
export interface RoutedRecipient {
  readonly address: string;
  readonly because: string;
  /** The kinds of email that it gets. */
  readonly emails: readonly RoutedEvent[];
}

/** A named recipient that gets no email. */
export interface LeftOut {
  readonly recipient: string;
  /** The rule, route or entry that named it. */
  readonly because: string;
  readonly reason: string;
}

/** What chose the recipients of the first email: rules of the cluster, routes or role map of the file. */
export type DecidedBy = "rules" | "routes" | "silence" | "map";

/** One decision. Lists are in the order of evaluation. */
export interface RoutingTrace {
  readonly rules: readonly StepTrace[];
  readonly routes: readonly StepTrace[];
  readonly roles: readonly RoleTrace[];
  readonly reviewers: readonly ReviewerTrace[];
  readonly recipients: readonly RoutedRecipient[];
  readonly leftOut: readonly LeftOut[];
  readonly decidedBy: DecidedBy;
}
