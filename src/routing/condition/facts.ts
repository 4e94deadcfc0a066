/** What a condition can ask about a request, and the variables that it asks by. */

import { toByteString } from "./byte_string.ts";
import { ConditionError } from "./error.ts";
import { type Dict, type StringSet, Time, type Type, type Value } from "./values.ts";

/** Why a value could not be looked up; conditions that read it fail. */
export interface Unavailable {
  readonly unavailable: string;
}

/** A request with what was looked up for it. Texts are ordinary text. */
export interface Facts {
  readonly roles: readonly string[];
  readonly suggestedReviewers: readonly string[];
  readonly user: string;
  readonly requestReason: string;
  /** Nanoseconds since 1970; absent = year 1. */
  readonly creationTime?: bigint | undefined;
  /** The end of the request resource, in nanoseconds since 1970; absent = year 1. */
  readonly expiry?: bigint | undefined;
  readonly systemAnnotations: ReadonlyMap<string, readonly string[]>;
  /** The labels of each requested resource. */
  readonly resources: readonly ReadonlyMap<string, string>[] | Unavailable;
  readonly traits: ReadonlyMap<string, readonly string[]> | Unavailable;
}

/** What must be looked up before a condition can be evaluated. */
export type Lookup = "traits" | "labels";

export interface Variable {
  readonly type: Type;
  readonly value: (facts: FactValues) => Value;
  readonly needs?: Lookup;
}

/** 0001-01-01T00:00:00Z: Go's zero time. */
export const ZERO_TIME_NS = BigInt(Date.UTC(2000, 0, 1) - 63_082_281_600_000) * 1_000_000n;

/** The values of the variables for one request, each made when it is first read. */
export class FactValues {
  readonly #made = new Map<string, Value>();

  constructor(readonly facts: Facts) {}

  get roles(): StringSet {
    return this.#once("roles", () => toSet(this.facts.roles));
  }

  get suggestedReviewers(): StringSet {
    return this.#once("suggestedReviewers", () => toSet(this.facts.suggestedReviewers));
  }

  get user(): string {
    return this.#once("user", () => toByteString(this.facts.user));
  }

  get requestReason(): string {
    return this.#once("requestReason", () => toByteString(this.facts.requestReason));
  }

  get creationTime(): Time {
    return new Time(this.facts.creationTime ?? ZERO_TIME_NS);
  }

  get expiry(): Time {
    return new Time(this.facts.expiry ?? ZERO_TIME_NS);
  }

  get systemAnnotations(): Dict {
    return this.#once("systemAnnotations", () => toDict(this.facts.systemAnnotations));
  }

  /** Of each label key, every value that any resource has. */
  get labelsUnion(): Dict {
    return this.#once("labelsUnion", () => {
      const union = Map.groupBy(this.#labels().flatMap((labels) => [...labels]), ([key]) => key);
      return toDict(new Map([...union].map(([key, entries]) => [key, entries.map(([, v]) => v)])));
    });
  }

  /** The labels that are the same on every resource. */
  get labelsIntersection(): Dict {
    return this.#once("labelsIntersection", () => {
      const [first = new Map<string, string>(), ...others] = this.#labels();
      const shared = [...first].filter(([key, value]) =>
        others.every((labels) => labels.get(key) === value)
      );
      return toDict(new Map(shared.map(([key, value]) => [key, [value]])));
    });
  }

  get traits(): Dict {
    return this.#once("traits", () => toDict(available("user.traits", this.facts.traits)));
  }

  #labels(): readonly ReadonlyMap<string, string>[] {
    return available("the labels of the requested resources", this.facts.resources);
  }

  #once<T extends Value>(name: string, make: () => T): T {
    const made = this.#made.get(name) ?? make();
    this.#made.set(name, made);
    return made as T;
  }
}

function available<T extends object>(what: string, value: T | Unavailable): T {
  if (!("unavailable" in value)) return value;
  const reason = toByteString(`cannot look up ${what}: ${value.unavailable}`);
  throw new ConditionError("evaluate", "unavailable", reason);
}

function toSet(items: readonly string[]): StringSet {
  return new Set(items.map(toByteString));
}

function toDict(map: ReadonlyMap<string, readonly string[]>): Dict {
  return new Map([...map].map(([key, items]) => [toByteString(key), toSet(items)]));
}

/** Variables by name. Those of type Dict can be indexed. */
export const VARIABLES: ReadonlyMap<string, Variable> = new Map<string, Variable>([
  ["access_request.spec.roles", { type: "expression.Set", value: (facts) => facts.roles }],
  ["access_request.spec.suggested_reviewers", {
    type: "expression.Set",
    value: (facts) => facts.suggestedReviewers,
  }],
  ["access_request.spec.user", { type: "string", value: (facts) => facts.user }],
  ["access_request.spec.request_reason", {
    type: "string",
    value: (facts) => facts.requestReason,
  }],
  ["access_request.spec.creation_time", {
    type: "time.Time",
    value: (facts) => facts.creationTime,
  }],
  ["access_request.spec.expiry", { type: "time.Time", value: (facts) => facts.expiry }],
  ["access_request.spec.system_annotations", {
    type: "expression.Dict",
    value: (facts) => facts.systemAnnotations,
  }],
  ["access_request.spec.resource_labels_union", {
    type: "expression.Dict",
    value: (facts) => facts.labelsUnion,
    needs: "labels",
  }],
  ["access_request.spec.resource_labels_intersection", {
    type: "expression.Dict",
    value: (facts) => facts.labelsIntersection,
    needs: "labels",
  }],
  ["user.traits", {
    type: "expression.Dict",
    value: (facts) => facts.traits,
    needs: "traits",
  }],
]);
