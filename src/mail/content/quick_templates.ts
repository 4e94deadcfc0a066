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
  const [first] = templates;
  if (first === undefined) return [];
  const quick = templates.map(quickTemplate);
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

function quickTemplate(template: Template): Template {
  const { token } = template;
  if (TypeGuards.isHTMLToken(token)) {
    const html = token.getContent();
    return { token, render: (_context, emitter: Emitter) => emitter.write(html) };
  }
  if (template instanceof Output) {
    const value = evaluator(template.value);
    return {
      token,
      render: (context: Context, emitter: Emitter) => emitter.write(value(context)),
    };
  }
  if (template instanceof IfTag) return quickCondition(template);
  if (template instanceof ForTag) template.templates = quickened(template.templates);
  if (template instanceof CaseTag) {
    for (const branch of template.branches) branch.templates = quickened(branch.templates);
    template.elseTemplates = quickened(template.elseTemplates);
  }
  return template;
}

function quickCondition({ token, branches, elseTemplates }: IfTag): Template {
  const quick = branches.map(({ value, templates }) => ({
    condition: evaluator(value),
    templates: quickened(templates),
  }));
  const otherwise = quickened(elseTemplates ?? []);
  return {
    token,
    render(context: Context, emitter: Emitter) {
      const branch = quick.find(({ condition }) => isTruthy(condition(context), context));
      for (const template of branch?.templates ?? otherwise) template.render(context, emitter);
    },
  };
}

function evaluator({ initial, filters }: Value): (context: Context) => unknown {
  const path = pathOf(initial);
  const read = path === undefined
    ? (context: Context) => toValueSync(initial.evaluate(context))
    : (context: Context) => context.getSync(path);
  return (context) => {
    let value: unknown = read(context);
    for (const filter of filters) value = toValueSync(filter.render(value, context));
    return value;
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
