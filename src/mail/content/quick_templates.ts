/**
 * Parsed templates that render in a fraction of the time. liquidjs evaluates everything by generators within
 * generators, ten for one variable, as any value might have to be awaited. Here texts, variables, filters and
 * conditions are evaluated directly; liquidjs renders all other tags.
 */

import {
  CaseTag,
  type Context,
  type Emitter,
  type Expression,
  ForTag,
  IfTag,
  isTruthy,
  Output,
  type Template,
  toValueSync,
  TypeGuards,
  type Value,
} from "liquidjs";

/**
 * The same templates for synchronous rendering, as one. The given ones change. They must be trusted: of
 * the limits of liquidjs the one of time is no longer checked, and errors do not name the line.
 */
export function quickened(templates: readonly Template[]): Template[] {
  const locals = new Set<string>();
  collectLocals(templates, locals);
  return quickList(templates, locals);
}

/** Names of variables that templates assign, or go through a list with. */
function collectLocals(templates: readonly Template[], names: Set<string>): void {
  for (const template of templates) {
    for (const { content } of template.localScope?.() ?? []) names.add(content);
    for (const name of template.blockScope?.() ?? []) names.add(name);
    const children = template.children?.(false, true);
    if (children !== undefined) collectLocals(toValueSync(children), names);
  }
}

type Names = ReadonlySet<string | number>;

function quickList(templates: readonly Template[], locals: Names): Template[] {
  const [first] = templates;
  if (first === undefined) return [];
  const quick = templates.map((template) => quickTemplate(template, locals));
  return [{
    token: first.token,
    render(context: Context, emitter: Emitter) {
      for (const template of quick) {
        const html: unknown = toValueSync(template.render(context, emitter));
        if (html) emitter.write(html);
        if (context.breakCalled || context.continueCalled) return;
      }
    },
  }];
}

function quickTemplate(template: Template, locals: Names): Template {
  const { token } = template;
  if (TypeGuards.isHTMLToken(token)) {
    const html = token.getContent();
    return { token, render: (_context, emitter: Emitter) => emitter.write(html) };
  }
  if (template instanceof Output) {
    const value = evaluator(template.value, locals);
    return {
      token,
      render: (context: Context, emitter: Emitter) => emitter.write(value(context)),
    };
  }
  if (template instanceof IfTag) return quickCondition(template, locals);
  if (template instanceof ForTag) template.templates = quickList(template.templates, locals);
  if (template instanceof CaseTag) {
    for (const branch of template.branches) branch.templates = quickList(branch.templates, locals);
    template.elseTemplates = quickList(template.elseTemplates, locals);
  }
  return template;
}

function quickCondition(
  { token, branches, elseTemplates }: IfTag,
  locals: Names,
): Template {
  const quick = branches.map(({ value, templates }) => ({
    condition: evaluator(value, locals),
    templates: quickList(templates, locals),
  }));
  const otherwise = quickList(elseTemplates ?? [], locals);
  return {
    token,
    render(context: Context, emitter: Emitter) {
      const branch = quick.find(({ condition }) => isTruthy(condition(context), context));
      for (const template of branch?.templates ?? otherwise) template.render(context, emitter);
    },
  };
}

type Evaluator = (context: Context) => unknown;

function evaluator({ initial, filters }: Value, locals: Names): Evaluator {
  const read = reader(initial, locals);
  if (filters.length === 0) return read;
  return (context) => {
    let value: unknown = read(context);
    for (const filter of filters) {
      if (ESCAPE.has(filter.name) && isEscaped(value)) continue;
      value = toValueSync(filter.render(value, context));
    }
    return value;
  };
}

/** The filter `escape` by its name, and as liquidjs calls it where `outputEscape` adds it to each output. */
const ESCAPE: ReadonlySet<string> = new Set(["escape", "[object Function]"]);

/** Whether that filter would change nothing. */
function isEscaped(value: unknown): boolean {
  return typeof value === "string" && !/[&<>"']/.test(value);
}

function reader(expression: Expression, locals: Names): Evaluator {
  const path = pathOf(expression);
  if (path === undefined) return (context) => toValueSync(expression.evaluate(context));
  const [root] = path;
  if (root === undefined || locals.has(root)) return (context) => context.getSync(path);
  return (context) => {
    let value = context.environments;
    for (const name of path) value = context.readProperty(value, name);
    // For its error.
    return value === undefined ? context.getSync(path) : value;
  };
}

/** The names of a variable such as `details.term`; undefined for any other expression. */
function pathOf({ postfix }: Expression): (string | number)[] | undefined {
  const [token, ...others] = postfix;
  if (others.length > 0 || !TypeGuards.isPropertyAccessToken(token)) return undefined;
  if (token.variable !== undefined) return undefined;
  const names: (string | number)[] = [];
  for (const prop of token.props) {
    if (!("content" in prop)) return undefined;
    if (typeof prop.content !== "string" && typeof prop.content !== "number") return undefined;
    names.push(prop.content);
  }
  return names;
}
