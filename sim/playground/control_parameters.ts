/** The parameters of a control call, from its query, its form, or both. */

import * as v from "valibot";
import { RequestState } from "../../src/teleport/generated/types_pb.ts";

/** An invalid parameter; the message names it. */
export class ParameterError extends Error {
  override readonly name = "ParameterError";
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Calls of the API, by path. */
export type Actions = readonly (readonly [path: string, action: Action])[];
/** Executes a call; the result is sent as JSON. */
export type Action = (parameters: Parameters) => unknown;

/** Reads parameters by their name and type. */
export class Parameters {
  readonly #values: URLSearchParams;

  constructor(values: URLSearchParams) {
    this.#values = values;
  }

  /** The parameters of a call; the form overrides the query. */
  static async of(request: Request): Promise<Parameters> {
    const values = new URLSearchParams(new URL(request.url).search);
    const type = request.headers.get("content-type") ?? "";
    if (request.method === "POST" && type !== "") {
      try {
        for (const [name, value] of await request.formData()) {
          if (typeof value === "string") values.set(name, value);
        }
      } catch {
        throw new ParameterError(`body is not a form: content type is '${type}'`);
      }
    }
    return new Parameters(values);
  }

  /** Whether the parameter is given, even if empty. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** Undefined when absent or empty. */
  text(name: string): string | undefined {
    return this.#values.get(name) || undefined;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw new ParameterError(`parameter '${name}' is missing`);
    return value;
  }

  /** An object with this parameter, or an empty object. */
  some<N extends string>(name: N): { [K in N]?: string } {
    const value = this.text(name);
    return (value === undefined ? {} : { [name]: value }) as { [K in N]?: string };
  }

  /** As `some()`, for a comma-separated list. */
  someList<N extends string>(name: N): { [K in N]?: string[] } {
    const list = this.text(name)?.split(",").map((item) => item.trim()).filter(Boolean);
    return (list === undefined ? {} : { [name]: list }) as { [K in N]?: string[] };
  }

  /** A non-negative integer; `fallback` when absent. */
  integer(name: string, fallback: number, max: number): number {
    const value = this.text(name) ?? String(fallback);
    if (!/^\d{1,9}$/.test(value) || Number(value) > max) {
      throw new ParameterError(`parameter '${name}' is '${value}', want a number up to ${max}`);
    }
    return Number(value);
  }

  /** The name of a request state, case-insensitive. */
  state(name: string): RequestState {
    return RequestState[this.oneOf(name, ["PENDING", "APPROVED", "DENIED", "PROMOTED"])];
  }

  /** One of the given words, case-insensitive. */
  oneOf<const W extends string>(name: string, words: readonly W[]): W {
    const value = this.required(name);
    const known = words.find((word) => word.toLowerCase() === value.toLowerCase());
    if (known !== undefined) return known;
    const wanted = words.join(", ");
    throw new ParameterError(`parameter '${name}' is '${value}', want one of ${wanted}`);
  }

  /** Milliseconds of a duration such as `90s`, `12h` or `-1m`; undefined when absent. */
  duration(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const [, amount, unit = ""] = /^(-?\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value) ?? [];
    const unitMs = UNITS_MS[unit];
    if (amount === undefined || unitMs === undefined) {
      throw new ParameterError(`parameter '${name}' is '${value}', want a duration such as '12h'`);
    }
    return Number(amount) * unitMs;
  }

  /** RFC 3339, or a duration from now; undefined when absent. */
  time(name: string, now: Date): Date | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (/^\d{4}-/.test(value) && !Number.isNaN(Date.parse(value))) return new Date(value);
    return new Date(now.getTime() + (this.duration(name) ?? 0));
  }

  /** `1` or `0`; `fallback` when absent. */
  flag(name: string, fallback: boolean): boolean {
    const value = this.text(name);
    if (value === undefined) return fallback;
    if (value === "1" || value === "0") return value === "1";
    throw new ParameterError(`parameter '${name}' is '${value}', want 1 or 0`);
  }

  /** JSON of this schema; undefined when absent. */
  json<T>(name: string, schema: v.GenericSchema<unknown, T>): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new ParameterError(`parameter '${name}' is not JSON: ${String(error)}`);
    }
    const parsed = v.safeParse(schema, value);
    if (parsed.success) return parsed.output;
    const [{ message, path }] = parsed.issues;
    const where = path?.map(({ key }) => String(key)).join(".") ?? "";
    throw new ParameterError(
      `parameter '${name}' ${where && `at '${where}' `}is wrong: ${message}`,
    );
  }
}
