/** Facts and templates make the words of a mail. */

import { truncate } from "../../cut.ts";
import type { MailData, TemplateKind } from "./mail_data.ts";
import { type TemplateScope, templateScope } from "./scope.ts";
import type { TemplateFile, Templates } from "./templates.ts";

export interface MailContent {
  /** One line, not empty. */
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  /** Overrides that failed and were replaced by the built-in template. */
  readonly warnings: readonly string[];
}

/**
 * Composes the words of one mail. Never throws: an override that fails gives way to the built-in
 * template, as a mail that says it plainly is better than none.
 */
export function composeMail(
  facts: MailData,
  templates: Templates,
  options: { readonly html: boolean } = { html: true },
): MailContent {
  const scope = templateScope(facts);
  const warnings: string[] = [];
  const render = (file: TemplateFile) => renderFile(file, templates, scope, warnings);
  const base = templateBase(facts);
  let subject = singleLine(render("subject.txt"));
  if (subject === "") {
    warnings.push("Using the built-in subject: template 'subject.txt' gave an empty line");
    subject = singleLine(
      renderFile("subject.txt", { ...templates, overrides: {} }, scope, warnings),
    );
  }
  const text = render(`${base}.txt`);
  return options.html
    ? { subject, text, html: render(`${base}.html`), warnings }
    : { subject, text, warnings };
}

type TemplateBase = TemplateKind | `requester-${Exclude<TemplateKind, "review">}`;

function templateBase(facts: MailData): TemplateBase {
  if (facts.audience === "requester" && facts.kind !== "review") return `requester-${facts.kind}`;
  return facts.kind;
}

function renderFile(
  file: TemplateFile,
  templates: Templates,
  scope: TemplateScope,
  warnings: string[],
): string {
  const override = templates.overrides[file]?.render(scope);
  if (override?.ok) return override.output;
  if (override) warnings.push(`Using the built-in '${file}': ${override.error}`);
  const builtin = templates.builtin[file].render(scope);
  if (builtin.ok) return builtin.output;
  throw new Error(`Built-in template failed: ${builtin.error}`);
}

/** In characters; only an override that shows a reason comes near it. */
const MAX_SUBJECT = 250;

/** No control characters (header injection), nothing that reorders what the reader sees. */
function singleLine(text: string): string {
  const line = text.toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]+/gu, " ").trim();
  return truncate(line, MAX_SUBJECT);
}
