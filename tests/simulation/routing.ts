/**
 * Who is to get what in a simulation: routes that are drawn once, rules that change, and what the oracle
 * makes of both, by code of its own.
 */

import { RoleMap } from "../../src/routing/patterns.ts";
import type { RoutingPolicy } from "../../src/routing/policy.ts";
import { readRouteRecipient, type Route } from "../../src/routing/routes.ts";
import { ROUTED_EVENTS, type RoutedEvent } from "../../src/routing/trace.ts";
import { aRule } from "../../src/routing/testing/a_rule.ts";
import type { AccessMonitoringRule } from "../../src/teleport/rules/rule.ts";
import type { Random } from "./random.ts";

/** Gets the first email and no other. */
const PAGER = "pager@example.com";
/** Gets the end and nothing else. */
const AUDIT = "audit@example.com";
/** Owns the access list that a request is promoted to. */
export const OWNER = "owner@example.com";
const RULED = ["r1@example.com", "r2@example.com"] as const;

/** A change of rules may be on its way to a replica for so long, with what else is on the stream. */
const MAX_LAG_MS = 6_000;

type Kinds = ReadonlySet<RoutedEvent>;

/** The emails of each recipient, by address. */
export type Emails = ReadonlyMap<string, Kinds>;

/** What the routes of a simulation are; all of them match every request. */
interface Drawn {
  readonly hasPager: boolean;
  readonly hasAudit: boolean;
  readonly hasOwners: boolean;
  /** The kind of email that a silent route is on. */
  readonly silent: RoutedEvent | undefined;
}

export class Routing {
  /** The rules of the cluster, by name. */
  readonly rules = new Map<string, AccessMonitoringRule>();
  readonly #drawn: Drawn;
  /** The addresses that rules name, undefined when none matches; and since when. */
  readonly #versions: { readonly sinceMs: number; readonly addresses?: readonly string[] }[] = [
    { sinceMs: -Infinity },
  ];

  constructor(
    /** Recipients by the role map. */
    readonly mapped: readonly string[],
    random: Random,
  ) {
    this.#drawn = {
      hasPager: random.chance(0.2),
      hasAudit: random.chance(0.3),
      hasOwners: random.chance(0.3),
      silent: random.chance(0.3) ? random.pick(ROUTED_EVENTS) : undefined,
    };
  }

  /** What the replicas have in their configuration. */
  get policy(): RoutingPolicy {
    const { hasPager, hasAudit, hasOwners, silent } = this.#drawn;
    const on = (event: RoutedEvent, recipient: string): Route => ({
      ...EMPTY_ROUTE,
      name: recipient,
      recipients: [readRouteRecipient(recipient, isAddress)!],
      on: new Set([event]),
    });
    return {
      roles: new RoleMap(new Map([["*", this.mapped]])),
      configured: new Set(),
      // A rule that decides would else hide the routes.
      precedence: "routes",
      hasStrictSchedules: false,
      isAddress,
      routes: [
        ...hasPager ? [on("new", PAGER)] : [],
        ...hasAudit ? [on("resolution", AUDIT)] : [],
        ...hasOwners ? [on("resolution", "access_list_owners")] : [],
        ...silent === undefined
          ? []
          : [{ ...EMPTY_ROUTE, name: "silent", isSilent: true, on: new Set([silent]) }],
      ],
    };
  }

  /** A rule as it is drawn now: with recipients, one that never matches, or undefined to delete it. */
  draw(name: string, random: Random): AccessMonitoringRule | undefined {
    if (random.chance(0.3)) return undefined;
    const condition = random.chance(0.8) ? "true" : "false";
    return aRule(name, condition, random.chance(0.5) ? RULED : [random.pick(RULED)]);
  }

  /** To be called after a change of `rules`. */
  noteChange(nowMs: number): void {
    const matching = [...this.rules.values()].filter(({ condition }) => condition === "true");
    const addresses = [...new Set(matching.flatMap((rule) => rule.notification?.recipients ?? []))];
    this.#versions.push({ sinceMs: nowMs, ...matching.length === 0 ? {} : { addresses } });
  }

  /** Whether any recipient of a request may get an email. */
  get isSilent(): boolean {
    const { hasPager, hasAudit, hasOwners, silent } = this.#drawn;
    return silent === "new" && !hasPager && !hasAudit && !hasOwners;
  }

  /** Whether a silent route takes emails of a kind from the requester. */
  silences(event: RoutedEvent): boolean {
    return this.#drawn.silent === event;
  }

  /** Whether the first email has any recipient. */
  get hasFirst(): boolean {
    return !this.silences("new") || this.#drawn.hasPager;
  }

  /** What recipients may be due, by the rules at some time of a span: one of these. */
  candidates(fromMs: number, untilMs: number): readonly Emails[] {
    const during = this.#versions.filter(({ sinceMs }, i) =>
      sinceMs <= untilMs && (this.#versions[i + 1]?.sinceMs ?? Infinity) >= fromMs - MAX_LAG_MS
    );
    return during.map(({ addresses }) => this.#emails(addresses ?? this.mapped));
  }

  /** For recipients who are known to have got the first email. */
  emailsOf(threads: readonly string[]): Emails {
    const possible = new Set([...this.mapped, ...RULED]);
    return this.#emails(threads.filter((to) => possible.has(to)));
  }

  #emails(first: readonly string[]): Emails {
    const { hasPager, hasAudit, hasOwners, silent } = this.#drawn;
    const kinds = new Set(ROUTED_EVENTS.filter((event) => event !== silent));
    return new Map([
      ...silent === "new" ? [] : first.map((to) => [to, kinds] as const),
      ...hasPager ? [[PAGER, new Set(["new"] as const)] as const] : [],
      ...hasAudit ? [[AUDIT, new Set(["resolution"] as const)] as const] : [],
      ...hasOwners ? [[OWNER, new Set(["resolution"] as const)] as const] : [],
    ]);
  }
}

const EMPTY_ROUTE: Route = {
  name: "",
  recipients: [],
  continues: true,
  isSilent: false,
  schedules: new Map(),
  on: new Set(),
};

function isAddress(text: string): boolean {
  return text.includes("@");
}
