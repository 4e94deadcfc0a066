/** Routes are asked for each kind of email, in the order of the file. */

import { defined } from "../optional.ts";
import type { Unavailable } from "./condition/facts.ts";
import type { Draft } from "./draft.ts";
import type { Emails } from "./recipient_list.ts";
import type { Route, RouteRecipient } from "./routes.ts";
import { ROUTED_EVENTS, type RoutedEvent, type StepTrace } from "./trace.ts";

/** How the routes end for one kind of email; `undecided`: none has ended the search. */
export type RoutesOutcome = "routes" | "silence" | "undecided";

interface Evaluation {
  readonly step: StepTrace;
  /** Whether it names an address, for any kind of email. */
  hasAddress: boolean;
}

const NO_FOLLOWING: ReadonlySet<RoutedEvent> = new Set();

export class RouteWalk {
  /** The route that decides has the keyword `requester`. */
  isRequesterWanted = false;
  /** A matching route names the owners of the access list, which are unknown before a promotion. */
  hasListOwners = false;
  /** Each route is evaluated once. */
  readonly #evaluations = new Map<Route, Evaluation>();

  constructor(private readonly draft: Draft) {}

  /**
   * Adds the recipients of the first route that matches and is for emails of this kind, and of those before
   * it that continue. A silent route takes the kind from recipients of the first email.
   */
  ask(event: RoutedEvent): RoutesOutcome {
    for (const route of this.draft.policy.routes) {
      if (!isFor(route, event)) continue;
      const evaluation = this.#evaluation(route);
      if (!evaluation.step.matched) continue;
      if (route.isSilent) {
        this.draft.list.silence(event);
        return "silence";
      }
      if (!this.#add(route, event)) continue;
      evaluation.hasAddress = true;
      if (!route.continues) return "routes";
    }
    return "undecided";
  }

  /** The routes that were evaluated, in the order of the file. */
  trace(): readonly StepTrace[] {
    return this.draft.policy.routes.flatMap((route) => {
      const evaluation = this.#evaluations.get(route);
      if (evaluation === undefined) return [];
      const { step, hasAddress } = evaluation;
      const on = route.on.size === ROUTED_EVENTS.length ? undefined : kindsOf(route);
      const note = step.matched ? noteOf(route, hasAddress) : undefined;
      return [{ ...step, ...defined({ on, note }) }];
    });
  }

  /** Warns of routes that match and name no address. */
  warn(): void {
    for (const [route, { step, hasAddress }] of this.#evaluations) {
      if (!step.matched || hasAddress || route.isSilent) continue;
      const message = "Route names no email address for this request and is skipped";
      this.draft.notices.push({ message, fields: { route: route.name } });
    }
  }

  #evaluation(route: Route): Evaluation {
    const known = this.#evaluations.get(route);
    if (known !== undefined) return known;
    const step = this.draft.evaluate(route, "route", { route: route.name });
    const evaluation = { step, hasAddress: false };
    this.#evaluations.set(route, evaluation);
    return evaluation;
  }

  /** Returns whether the route names any address for emails of this kind. */
  #add(route: Route, event: RoutedEvent): boolean {
    // Recipients of the first email by a route get the other kinds that the route is for.
    const emails = { event, following: event === "new" ? route.on : NO_FOLLOWING };
    const added = recipientsFor(route, event).map((recipient) =>
      this.#addRecipient(recipient, `route '${route.name}'`, emails)
    );
    return added.includes(true);
  }

  #addRecipient(recipient: RouteRecipient, route: string, emails: Emails): boolean {
    const { list, input: { request, facts: { facts: { traits } }, accessListOwners } } = this.draft;
    switch (recipient.kind) {
      case "address":
        return list.add(recipient.address, route, emails);
      case "requester":
        this.isRequesterWanted = true;
        return list.add(request.user, `${route}, the requester`, emails);
      case "suggested_reviewers":
        return this.draft.addSuggestedReviewers(`${route}, suggested reviewer`, emails);
      case "trait": {
        const name = recipient.trait;
        const values = "unavailable" in traits ? traits : traits.get(name) ?? [];
        const because = `${route}, trait '${name}' of the requester`;
        return this.#addNames(values, `trait:${name}`, because, emails);
      }
      case "access_list_owners": {
        this.hasListOwners = true;
        const owners = accessListOwners ?? { unavailable: NOT_PROMOTED };
        this.#addNames(owners, recipient.kind, `${route}, owner of the access list`, emails);
        // The route decides even before the owners are known.
        return true;
      }
    }
  }

  /** Adds the addresses among names that were looked up. */
  #addNames(
    names: readonly string[] | Unavailable,
    keyword: string,
    because: string,
    emails: Emails,
  ): boolean {
    const { list } = this.draft;
    if ("unavailable" in names) {
      list.leaveOut(keyword, because, names.unavailable);
      return false;
    }
    if (names.length === 0) list.leaveOut(keyword, because, "there is none");
    return names.filter((name) => list.add(name, because, emails)).length > 0;
  }
}

const NOT_PROMOTED = "the request is not promoted to an access list";

/** Whether emails of some kind may go to others than the first email because of the route. */
export function separatesEmails(route: Route): boolean {
  return route.on.size < ROUTED_EVENTS.length || namesListOwners(route);
}

function namesListOwners({ recipients }: Route): boolean {
  return recipients.some(({ kind }) => kind === "access_list_owners");
}

function isFor(route: Route, event: RoutedEvent): boolean {
  return route.on.has(event) && (route.isSilent || recipientsFor(route, event).length > 0);
}

/** Owners of an access list are known with the resolution only. */
function recipientsFor({ recipients }: Route, event: RoutedEvent): Route["recipients"] {
  return event === "resolution"
    ? recipients
    : recipients.filter(({ kind }) => kind !== "access_list_owners");
}

function kindsOf({ on }: Route): readonly RoutedEvent[] {
  return ROUTED_EVENTS.filter((event) => on.has(event));
}

function noteOf({ isSilent, continues }: Route, hasAddress: boolean): string | undefined {
  if (isSilent) return "it is silent";
  if (!hasAddress) return "it names no email address";
  return continues ? "it continues" : undefined;
}
