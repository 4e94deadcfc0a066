/** Types and values of the language. Sets and dicts are never changed. */

/** Types by their Go names; `any` is known only when evaluated. */
export type Type =
  | "bool"
  | "string"
  | "int"
  | "float64"
  | "expression.Set"
  | "expression.Dict"
  | "time.Time"
  | "expression.pair"
  | "expression.option"
  | "any";

/** What a parameter takes: a type, or `expression.remover`, which is a set or a dict. */
export type Parameter = Type | "expression.remover";

/** Byte strings. */
export type StringSet = ReadonlySet<string>;

/** Byte strings to sets. */
export type Dict = ReadonlyMap<string, StringSet>;

/** The set at a missing key of a dict. */
export const MISSING: StringSet = new Set();

/** An instant in nanoseconds since 1970, in UTC. */
export class Time {
  constructor(readonly ns: bigint) {}
}

export class Pair {
  constructor(readonly first: Value, readonly second: Value) {}
}

export class Option {
  constructor(readonly condition: boolean, readonly value: Value) {}
}

/** A string is a byte string, an int a `bigint`, a float a `number`. */
export type Value = boolean | string | bigint | number | StringSet | Dict | Time | Pair | Option;

/** The type of a value. */
export function typeOf(value: Value): Exclude<Type, "any"> {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "string":
      return "string";
    case "bigint":
      return "int";
    case "number":
      return "float64";
  }
  if (value instanceof Set) return "expression.Set";
  if (value instanceof Map) return "expression.Dict";
  if (value instanceof Time) return "time.Time";
  return value instanceof Pair ? "expression.pair" : "expression.option";
}

/** Whether a parameter takes what has the type. */
export function accepts(parameter: Parameter, type: Type): boolean {
  if (parameter === "expression.remover") {
    return type === "expression.Set" || type === "expression.Dict";
  }
  return parameter === "any" || parameter === type;
}

/** Longer values are cut in error texts. */
const MAX_FORMATTED = 1000;

/** A value as Go's `%+v` prints it, as a byte string. */
export function format(value: Value): string {
  const text = formatWhole(value);
  return text.length > MAX_FORMATTED ? `${text.slice(0, MAX_FORMATTED)}...` : text;
}

function formatWhole(value: Value): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return formatFloat(value);
  if (value instanceof Set) {
    return `{s:map[${[...value].sort().map((item) => `${item}:{}`).join(" ")}]}`;
  }
  if (value instanceof Map) {
    const entries = [...value as Dict].sort(([a], [b]) => a < b ? -1 : 1);
    return `map[${entries.map(([key, set]) => `${key}:${formatWhole(set)}`).join(" ")}]`;
  }
  if (value instanceof Time) return formatTime(value);
  if (value instanceof Pair) return `{first:${format(value.first)} second:${format(value.second)}}`;
  if (value instanceof Option) return `{condition:${value.condition} value:${format(value.value)}}`;
  return String(value);
}

/** Go switches to an exponent below 1e-4, and writes it with two digits. */
function formatFloat(value: number): string {
  if (value === Infinity) return "+Inf";
  const text = value !== 0 && value < 1e-4 ? value.toExponential() : String(value);
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

const NS_PER_SECOND = 1_000_000_000n;

function formatTime({ ns }: Time): string {
  const fraction = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  const date = new Date(Number((ns - fraction) / 1_000_000n));
  const [day, clock] = date.toISOString().slice(0, 19).split("T");
  const decimals = fraction === 0n
    ? ""
    : `.${fraction.toString().padStart(9, "0").replace(/0+$/, "")}`;
  return `${day} ${clock}${decimals} +0000 UTC`;
}
