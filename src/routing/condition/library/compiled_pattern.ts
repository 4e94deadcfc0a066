/** Regular expressions of RE2: linear in time, with Go's semantics and error texts. */

import { RE2JS, RE2JSException, RE2JSSyntaxException } from "re2js";
import type { Budget } from "../budget.ts";
import { firstInvalidByte, isAscii, toBytes, toByteString, toText } from "../byte_string.ts";
import { type UniqueNames, uniqueNames } from "./group_names.ts";
import { expansionOf } from "./pattern_cost.ts";

/** Steps to compile a character, and an instruction that a repeat adds. */
const STEPS_PER_CHARACTER = 60;
const STEPS_PER_INSTRUCTION = 200;
/** Steps for a search, however short the value is. */
const STEPS_PER_SEARCH = 200;
/** Pairs of an instruction and a byte of the value that are looked at in a step. */
const PAIRS_PER_STEP = 2;
/** Some 20 MB of compiled patterns: each instruction takes about 600 bytes. */
const MAX_CACHED_INSTRUCTIONS = 32_768;
/** A pattern keeps the states that its matches went through: those of long values are not worth it. */
const MAX_REMEMBERED_VALUE = 4096;

/** A pattern that is not a regular expression. */
export class PatternError extends Error {}

/** Compiled patterns, least recently used first. */
const cache = new Map<string, CompiledPattern>();
let cachedInstructions = 0;

/** A compiled pattern. Texts are byte strings, and so are positions. */
export class CompiledPattern {
  private constructor(
    private readonly pattern: string,
    private readonly program: RE2JS,
    private readonly namesOf: UniqueNames["namesOf"],
  ) {}

  /**
   * The compiled form of a byte string, new or from the cache.
   * @throws {PatternError} with Go's words.
   */
  static of(pattern: string, budget: Budget): CompiledPattern {
    const cached = cache.get(pattern);
    if (cached !== undefined) {
      cache.delete(pattern);
      cache.set(pattern, cached);
      return cached;
    }
    budget.spend(
      pattern.length * STEPS_PER_CHARACTER + expansionOf(pattern) * STEPS_PER_INSTRUCTION,
    );
    const unique = uniqueNames(pattern);
    const compiled = new CompiledPattern(pattern, compile(pattern, unique), unique.namesOf);
    cache.set(pattern, compiled);
    cachedInstructions += compiled.program.programSize();
    for (const oldest of cache.values()) {
      if (cachedInstructions <= MAX_CACHED_INSTRUCTIONS) break;
      oldest.#forget();
    }
    return compiled;
  }

  /** Whether the pattern is found anywhere in the value. */
  isFoundIn(value: string, budget: Budget): boolean {
    this.#spend(value, budget);
    return this.program.test(input(value));
  }

  /** The positions of the first match from an offset on, and of its groups: -1 for one without a match. */
  find(value: MatchInput, offset: number, budget: Budget): Match | undefined {
    this.#spend(value.bytes, budget);
    const matcher = this.program.matcher(value.input);
    if (!matcher.find(offset)) return undefined;
    const groups = Array.from(
      { length: this.program.groupCount() + 1 },
      (_, group) => [matcher.start(group), matcher.end(group)] as const,
    );
    return { start: matcher.start(), end: matcher.end(), groups };
  }

  /** The indices of the groups of a name; none for an unknown name. */
  groupsNamed(name: string): readonly number[] {
    const groups = this.program.namedGroups();
    return this.namesOf(name).flatMap((own) => Object.hasOwn(groups, own) ? groups[own] ?? [] : []);
  }

  #spend(value: string, budget: Budget): void {
    const pairs = value.length * this.program.programSize();
    budget.spend(STEPS_PER_SEARCH + Math.ceil(pairs / PAIRS_PER_STEP));
    if (value.length > MAX_REMEMBERED_VALUE) this.#forget();
  }

  #forget(): void {
    if (cache.delete(this.pattern)) cachedInstructions -= this.program.programSize();
  }
}

/** A value, prepared for several searches. */
export interface MatchInput {
  readonly bytes: string;
  readonly input: string | Uint8Array;
}

/** Where a match and its groups begin and end. */
export interface Match {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (readonly [start: number, end: number])[];
}

/** Prepares a byte string. */
export function matchInput(bytes: string): MatchInput {
  return { bytes, input: input(bytes) };
}

/** Positions in either form are those of bytes. */
function input(bytes: string): string | Uint8Array {
  return isAscii(bytes) ? bytes : toBytes(bytes);
}

function compile(pattern: string, unique: UniqueNames): RE2JS {
  const invalid = firstInvalidByte(pattern);
  if (invalid !== undefined) {
    throw new PatternError(`error parsing regexp: invalid UTF-8: \`${pattern.slice(invalid)}\``);
  }
  try {
    return RE2JS.compile(toText(unique.pattern));
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) {
      const piece = unique.restore(toByteString(error.getPattern() ?? ""));
      throw new PatternError(`error parsing regexp: ${error.getDescription()}: \`${piece}\``);
    }
    if (error instanceof RE2JSException) {
      throw new PatternError(`error parsing regexp: ${toByteString(error.message)}`);
    }
    throw error;
  }
}
