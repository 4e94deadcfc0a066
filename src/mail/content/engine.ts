/** All that the program asks of liquidjs: limits, checks, and its errors in our words. */

import { Liquid, type LiquidOptions, type Template, type Variable } from "liquidjs";
import { quickened } from "./quick_templates.ts";
import type { TemplateScope } from "./scope.ts";
import { reasonOf, singleLine } from "../../text.ts";

export type Rendered =
  | { readonly ok: true; readonly output: string }
  | { readonly ok: false; readonly error: string };

export interface ParsedTemplate {
  render(scope: TemplateScope): Rendered;
  /**
   * Whether an override may show `details.reviewers`, which differs between the recipients of one email;
   * false for built-in templates.
   */
  readonly namesReviewers: boolean;
}

export type Parsed =
  | { readonly ok: true; readonly template: ParsedTemplate }
  | { readonly ok: false; readonly errors: readonly string[] };

/** Tags that bring in other files, and `block`, which is of no use without them. */
const REMOVED_TAGS = ["include", "render", "layout", "block"];

/** An override that needs more than this is broken; it must not hold up the mails. */
const LIMITS: LiquidOptions = { parseLimit: 1e6, renderLimit: 1000, memoryLimit: 1e6 };
/** How long an override that hit a limit is not rendered again: each attempt blocks the event loop. */
const LIMIT_PAUSE_MS = 600_000;

/**
 * Parses one template. `trusted` ones (built in) have no limits, as they are what is left when an
 * override fails. Names of unknown variables are errors in all others, also in branches that are never
 * taken.
 */
export function parseTemplate(
  file: string,
  source: string,
  known: TemplateScope,
  options: { readonly trusted: boolean },
): Parsed {
  const engine = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    // An empty map instead of the file system, should a tag ever look something up.
    templates: {},
    timezoneOffset: 0,
    locale: "en-US",
    ...(file.endsWith(".html") ? { outputEscape: "escape" as const } : {}),
    ...(options.trusted ? {} : LIMITS),
  });
  for (const tag of REMOVED_TAGS) delete engine.tags[tag];
  let parsed: Template[];
  try {
    parsed = engine.parse(source, file);
  } catch (error) {
    return { ok: false, errors: [describe(file, error)] };
  }
  // For built-in ones a test does this.
  const variables = options.trusted ? [] : variablesOf(engine, parsed);
  const errors = unknownVariables(variables, file, known);
  if (errors.length > 0) return { ok: false, errors };
  const rendered = options.trusted ? quickened(parsed) : parsed;
  let overLimit: { readonly untilMs: number; readonly error: string } | undefined;
  const render = (scope: TemplateScope): Rendered => {
    if (overLimit !== undefined && performance.now() < overLimit.untilMs) {
      return { ok: false, error: overLimit.error };
    }
    try {
      return { ok: true, output: String(engine.renderSync(rendered, scope)) };
    } catch (cause) {
      const error = describe(file, cause);
      if (/ limit exceeded/.test(error)) {
        overLimit = { untilMs: performance.now() + LIMIT_PAUSE_MS, error };
      }
      return { ok: false, error };
    }
  };
  return { ok: true, template: { render, namesReviewers: variables.some(mayNameReviewers) } };
}

function variablesOf(engine: Liquid, template: Template[]): readonly Variable[] {
  const { globals } = engine.analyzeSync(template, { partials: false });
  return Object.values(globals).flat();
}

/** `details.reviewers`, and every access to `details` whose member is only known when it is rendered. */
function mayNameReviewers({ segments }: Variable): boolean {
  const [root, member] = segments;
  return root === "details" && (typeof member !== "string" || member === "reviewers");
}

function unknownVariables(
  variables: readonly Variable[],
  file: string,
  known: TemplateScope,
): string[] {
  const errors: string[] = [];
  for (const variable of variables) {
    const [root, member] = variable.segments.map(String);
    if (!isKnown(known, root ?? "", member)) {
      errors.push(`${place(file, variable.location.row)}: unknown variable '${variable}'`);
    }
  }
  return errors;
}

/** Members are checked where a variable has names of its own, which lists and texts do not. */
function isKnown(known: TemplateScope, root: string, member: string | undefined): boolean {
  if (!Object.hasOwn(known, root)) return false;
  const value: unknown = Reflect.get(known, root);
  return member === undefined || typeof value !== "object" || value === null ||
    Array.isArray(value) || Object.hasOwn(value, member);
}

function describe(file: string, error: unknown): string {
  const message = singleLine(reasonOf(error)).replace(/, (file|line):.*$/, "");
  return `${place(file, lineOf(error))}: ${message}`;
}

function place(file: string, line: number | undefined): string {
  return `Cannot use template '${file}'${line === undefined ? "" : ` line ${line}`}`;
}

/** liquidjs errors carry the token they are about; limits and bugs have none. */
function lineOf(error: unknown): number | undefined {
  const token: unknown = error instanceof Error && "token" in error ? error.token : undefined;
  if (typeof token !== "object" || token === null || !("getPosition" in token)) return undefined;
  if (typeof token.getPosition !== "function") return undefined;
  const position: unknown = token.getPosition();
  return Array.isArray(position) && typeof position[0] === "number" ? position[0] : undefined;
}
