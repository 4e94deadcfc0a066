/** The routes of the configuration, `[[route]]`. */

import type { Condition } from "./condition/condition.ts";
import type { Schedule } from "./schedule/schedule.ts";
import type { RoutedEvent } from "./trace.ts";

/** A recipient of a route. */
export type RouteRecipient =
  | { readonly kind: "address"; readonly address: string }
  /** The requester, if the user name is an email address. */
  | { readonly kind: "requester" }
  /** The reviewers that the request suggests. */
  | { readonly kind: "suggested_reviewers" }
  /** The addresses among the values of a trait of the requester. */
  | { readonly kind: "trait"; readonly trait: string }
  /** The owners of the access list that the request was promoted to. */
  | { readonly kind: "access_list_owners" };

export interface Route {
  /** As in the file, or its place there. */
  readonly name: string;
  /** Absent: every request. */
  readonly condition?: Condition;
  readonly recipients: readonly RouteRecipient[];
  /** Goes on to the next route, rules and the role map. */
  readonly continues: boolean;
  /** Sends no email, and ends the search. */
  readonly isSilent: boolean;
  readonly schedules: ReadonlyMap<string, Schedule>;
  /** The kinds of email that it is for. */
  readonly on: ReadonlySet<RoutedEvent>;
}

const KEYWORDS = ["requester", "suggested_reviewers", "access_list_owners"] as const;
const TRAIT = "trait:";

/** Reads an entry of `recipients`; undefined for what is neither a keyword nor an address. */
export function readRouteRecipient(
  text: string,
  isAddress: (text: string) => boolean,
): RouteRecipient | undefined {
  const keyword = KEYWORDS.find((kind) => kind === text);
  if (keyword !== undefined) return { kind: keyword };
  if (text.startsWith(TRAIT) && text.length > TRAIT.length) {
    return { kind: "trait", trait: text.slice(TRAIT.length) };
  }
  return isAddress(text) ? { kind: "address", address: text } : undefined;
}
