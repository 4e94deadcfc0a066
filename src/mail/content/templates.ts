/** The set of templates: built in, overridden file by file from a directory. */

import { fileFault, singleLine } from "../../text.ts";
import { BUILTIN_HTML } from "./builtin_html.ts";
import { BUILTIN_TEXT } from "./builtin_text.ts";
import type { Audience, MailData, TemplateKind } from "./mail_data.ts";
import { HOSTILE_TEXT, sampleAccessLists, sampleData, sampleResourceData } from "./sample_data.ts";
import { type ParsedTemplate, parseTemplate } from "./engine.ts";
import { DEFAULT_LOOK, type TemplateScope, templateScope } from "./scope.ts";
import { readBytes } from "../../read_file.ts";

/** The built-in templates as they are written, by file name. */
export const TEMPLATE_SOURCES = { ...BUILTIN_TEXT, ...BUILTIN_HTML };

export type TemplateFile = keyof typeof TEMPLATE_SOURCES;

/** The names of all template files, for messages and help. */
export const TEMPLATE_FILES = Object.keys(TEMPLATE_SOURCES) as readonly TemplateFile[];

export interface Templates {
  readonly builtin: Readonly<Record<TemplateFile, ParsedTemplate>>;
  readonly overrides: Readonly<Partial<Record<TemplateFile, ParsedTemplate>>>;
}

export type LoadTemplatesResult =
  | { readonly ok: true; readonly templates: Templates; readonly warnings: readonly string[] }
  | {
    readonly ok: false;
    readonly errors: readonly string[];
    readonly warnings: readonly string[];
  };

/** Parses all templates and tries each with sample facts; every error names file and line. */
export async function loadTemplates(directory: string | undefined): Promise<LoadTemplatesResult> {
  const builtin = builtinTemplates();
  if (directory === undefined) {
    return { ok: true, templates: { builtin, overrides: {} }, warnings: [] };
  }
  const errors: string[] = [];
  const warnings: string[] = [];
  const overrides: Partial<Record<TemplateFile, ParsedTemplate>> = {};
  const found = await listFiles(directory);
  if (typeof found === "string") return { ok: false, errors: [found], warnings };
  for (const name of found) {
    const path = `${directory.replace(/\/+$/, "")}/${name}`;
    if (!isTemplateFile(name)) {
      warnings.push(
        `Ignoring '${path}': not a template, the names are ${TEMPLATE_FILES.join(", ")}`,
      );
      continue;
    }
    const source = await readSource(path);
    if (!source.ok) {
      errors.push(source.error);
      continue;
    }
    const parsed = parseTemplate(path, source.text, sampleScope(), { trusted: false });
    if (!parsed.ok) {
      errors.push(...parsed.errors);
      continue;
    }
    errors.push(...tryOut(name, parsed.template));
    overrides[name] = parsed.template;
  }
  if (errors.length > 0) return { ok: false, errors, warnings };
  return { ok: true, templates: { builtin, overrides }, warnings };
}

/** A scope with every variable. */
export function sampleScope(): TemplateScope {
  return templateScope(sampleData("review"));
}

function builtinTemplates(): Record<TemplateFile, ParsedTemplate> {
  const entries = TEMPLATE_FILES.map((name) => [name, builtinTemplate(name)] as const);
  return Object.fromEntries(entries) as Record<TemplateFile, ParsedTemplate>;
}

/** Parsed when it is first rendered: a start need not wait for it, and most are never used. */
function builtinTemplate(name: TemplateFile): ParsedTemplate {
  let template: ParsedTemplate | undefined;
  const parse = () => {
    const parsed = parseTemplate(name, TEMPLATE_SOURCES[name], sampleScope(), { trusted: true });
    if (!parsed.ok) throw new Error(`Built-in template is broken: ${parsed.errors.join("; ")}`);
    return parsed.template;
  };
  return {
    render: (scope) => (template ??= parse()).render(scope),
    namesReviewers: false,
  };
}

/** Renders samples of every kind: most mistakes are in the optional parts. */
function tryOut(name: TemplateFile, template: ParsedTemplate): string[] {
  const errors = samplesFor(name)
    .map((data) => template.render(templateScope(data, { ...DEFAULT_LOOK, actions: true })))
    .flatMap((rendered) => rendered.ok ? [] : [rendered.error]);
  return [...new Set(errors)];
}

function samplesFor(name: TemplateFile): readonly MailData[] {
  if (name.startsWith("access-list-review")) return accessListSamples();
  const kind = (["resolution", "reopened", "reminder", "access-ending", "new"] as const)
    .find((kind) => name.includes(kind)) ?? "review";
  return samplesOf(kind, name.startsWith("requester-") ? "requester" : "reviewer");
}

/** One list and many, with nothing but a name, with hostile texts. */
function accessListSamples(): readonly MailData[] {
  const full = sampleAccessLists();
  const [list] = full.accessLists ?? [];
  if (list === undefined) return [full];
  const bare = { ...list, title: "", description: "", memberCount: 0, link: undefined };
  const hostile = { ...list, title: HOSTILE_TEXT, description: HOSTILE_TEXT };
  const many = Array.from({ length: 50 }, () => list);
  return [full, ...[[bare], [hostile], many].map((accessLists) => ({ ...full, accessLists }))];
}

/** With and without resources, long-term, with nothing but an id, corrected, with hostile texts. */
function samplesOf(kind: TemplateKind, audience: Audience): readonly MailData[] {
  const full = sampleData(kind, audience);
  const { details: _, ...bare } = full;
  const states = ["APPROVED", "DENIED", "EXPIRED", "PROMOTED"] as const;
  return [
    full,
    sampleResourceData(full),
    sampleResourceData(full, true),
    {
      ...bare,
      user: "",
      roles: undefined,
      reason: "",
      link: undefined,
      status: { ...full.status, reason: "" },
      ...(full.review ? { review: { ...full.review, createdMs: undefined, reason: "" } } : {}),
    },
    { ...full, isCorrection: true },
    { ...full, user: HOSTILE_TEXT, roles: [HOSTILE_TEXT], reason: HOSTILE_TEXT },
    ...(kind === "resolution" ? states.map((state) => sampleData(kind, audience, state)) : []),
  ];
}

async function listFiles(directory: string): Promise<readonly string[] | string> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(directory));
    // Dot files are what editors and mounted Kubernetes volumes (`..data`) leave; an export has a README.
    return entries.filter(({ isDirectory, name }) =>
      !isDirectory && !name.startsWith(".") && name !== "README.md"
    )
      .map((entry) => entry.name).sort();
  } catch (error) {
    return `Cannot read templates.directory '${directory}': ${singleLine(fileFault(error))}`;
  }
}

async function readSource(
  path: string,
): Promise<{ ok: true; text: string } | { ok: false; error: string }> {
  try {
    const bytes = await readBytes(path);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    // Editors end files with a line end; the original's mails have none at the end.
    return { ok: true, text: text.replaceAll("\r\n", "\n").replace(/\n$/, "") };
  } catch (error) {
    const why = error instanceof TypeError ? "it is not UTF-8" : singleLine(fileFault(error));
    return { ok: false, error: `Cannot read template '${path}': ${why}` };
  }
}

function isTemplateFile(name: string): name is TemplateFile {
  return Object.hasOwn(TEMPLATE_SOURCES, name);
}
