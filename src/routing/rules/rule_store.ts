/** The access monitoring rules of the cluster, as the watch keeps them. */

import { orAborted } from "../../abort.ts";
import type { Log } from "../../log.ts";
import type { AccessMonitoringRule } from "../../teleport/rules/rule.ts";
import type { RuleEvent } from "../../teleport/calls/watch.ts";
import { ClusterError } from "../../teleport/errors.ts";
import { ConditionError } from "../condition/error.ts";
import { readRule, type Rule } from "./rule.ts";

/** The call that lists rules. */
export interface RuleCluster {
  /** Every rule about access requests that notifies this plugin; rejects with `ClusterError`. */
  listRules(signal: AbortSignal): Promise<readonly AccessMonitoringRule[]>;
}

export interface RuleStoreDeps {
  readonly cluster: RuleCluster;
  readonly log: Log;
}

const REMEDY =
  'give its user the preset role "access-plugin", or a role that may list and read access_monitoring_rule, ' +
  "and restart the program";

/**
 * - `listing`: the stream has begun, the rules are not listed yet; callers of `current()` wait
 * - `known`: listed, and kept current by events
 */
export class RuleStore {
  readonly #rules = new Map<string, Rule>();
  /** The rules sorted by name; computed on demand. */
  #sorted: readonly Rule[] | undefined;
  #listing = Promise.withResolvers<void>();
  #isKnown = false;
  /** Rules with events since the listing was requested: the events are newer. */
  #changedWhileListing = new Set<string>();
  #hasWarned = false;

  constructor(private readonly deps: RuleStoreDeps) {}

  /** The rules in the order of their names; waits until they are listed, or `signal` is aborted. */
  async current(signal: AbortSignal): Promise<readonly Rule[]> {
    signal.throwIfAborted();
    while (!this.#isKnown) await orAborted(this.#listing.promise, signal);
    return this.#sorted ??= [...this.#rules.values()].sort(byName);
  }

  /**
   * Lists the rules after the start of a stream; `isWatched` says whether the stream brings their changes.
   * Without the permission, or on a server without rules, there are none, and one warning says so.
   *
   * @throws {ClusterError} when the listing may succeed later; callers of `current()` keep waiting
   */
  async list(isWatched: boolean, signal: AbortSignal): Promise<void> {
    if (this.#isKnown) [this.#isKnown, this.#listing] = [false, Promise.withResolvers()];
    this.#changedWhileListing = new Set();
    const rules = isWatched ? await this.#listed(signal) : undefined;
    if (signal.aborted) return;
    if (rules === undefined) this.#warn();
    const changed = this.#changedWhileListing;
    const listed = new Set(rules?.map(({ name }) => name));
    for (const name of this.#rules.keys()) {
      if (!changed.has(name) && !listed.has(name)) this.#rules.delete(name);
    }
    for (const rule of rules ?? []) if (!changed.has(rule.name)) this.#put(rule);
    this.#sorted = undefined;
    this.#isKnown = true;
    this.#listing.resolve();
  }

  /** A change of a rule. */
  take(event: RuleEvent): void {
    this.#sorted = undefined;
    const name = event.type === "put-rule" ? event.rule.name : event.name;
    this.#changedWhileListing.add(name);
    if (event.type === "put-rule") this.#put(event.rule);
    else this.#rules.delete(name);
  }

  /** Removes a rule that no longer notifies this plugin; an unchanged rule keeps its identity. */
  #put(rule: AccessMonitoringRule): void {
    const reading = readRule(rule);
    if (!reading.applies) this.#rules.delete(rule.name);
    else if (!isSame(this.#rules.get(rule.name), reading.rule)) {
      this.#rules.set(rule.name, reading.rule);
    }
  }

  /** Undefined when the server refuses rules, or has none. */
  async #listed(signal: AbortSignal): Promise<readonly AccessMonitoringRule[] | undefined> {
    try {
      return await this.deps.cluster.listRules(signal);
    } catch (error) {
      const isFinal = error instanceof ClusterError &&
        (error.kind === "denied" || error.kind === "unsupported");
      if (!isFinal) throw error;
      this.deps.log.debug("Cannot list access monitoring rules", { error });
      return undefined;
    }
  }

  #warn(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.deps.log.warn(
      "Access monitoring rules are not used, role_to_recipients decides",
      {
        reason: "the role does not allow to read them, or the server is older than Teleport 15",
        remedy: REMEDY,
      },
    );
  }
}

function isSame(a: Rule | undefined, b: Rule): boolean {
  const content = ({ condition, recipients, schedules }: Rule) =>
    JSON.stringify([
      condition instanceof ConditionError ? condition.message : condition.text,
      recipients,
      [...schedules],
    ]);
  return a !== undefined && content(a) === content(b);
}

function byName(a: Rule, b: Rule): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
