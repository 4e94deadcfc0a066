/** Facts and templates make the words of a mail. */

import { truncate } from "../../text.ts";
import type { MailData, TemplateKind } from "./mail_data.ts";
import { DETAIL_LIMITS, type DetailLimits } from "./details.ts";
import { DEFAULT_LOOK, type MailLook, type TemplateScope, templateScope } from "./scope.ts";
import type { TemplateFile, Templates } from "./templates.ts";

export interface MailContent {
  /** One line, not empty. */
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  /** Overrides that failed and were replaced by the built-in template. */
  readonly warnings: readonly string[];
}

/** Gmail cuts messages at 102 kB of HTML, and phones load them over slow lines. */
export const MAX_HTML_BYTES = 60_000;

/**
 * Composes the words of one mail. Never throws: an override that fails gives way to the built-in
 * template, as a mail that says it plainly is better than none.
 */
export function composeMail(
  data: MailData,
  templates: Templates,
  given: Partial<MailLook> = {},
): MailContent {
  const look = { ...DEFAULT_LOOK, ...given };
  const limits = { ...DETAIL_LIMITS, hasDetails: look.details || data.kind === "access-ending" };
  const scope = templateScope(data, look, limits);
  const warnings: string[] = [];
  const render = (file: TemplateFile) => renderFile(file, templates, scope, warnings);
  const base = templateBase(data);
  const subjectFile = subjectOf(data);
  let subject = singleLine(render(subjectFile));
  if (subject === "") {
    warnings.push(`Using the built-in subject: template '${subjectFile}' gave an empty line`);
    subject = singleLine(
      renderFile(subjectFile, { ...templates, overrides: {} }, scope, warnings),
    );
  }
  const text = render(`${base}.txt`);
  if (!look.html) return { subject, text, warnings };
  const file = `${base}.html` as const;
  let html = render(file);
  // Only values that were made to be long come here.
  for (let scale = 4; scale <= 64 && Buffer.byteLength(html) > MAX_HTML_BYTES; scale *= 4) {
    html = renderFile(file, templates, templateScope(data, look, shrunk(limits, scale)), []);
  }
  return { subject, text, html, warnings };
}

function shrunk(limits: DetailLimits, scale: number): DetailLimits {
  const { name, names, text, lines, resources, labels, values, reviewers } = limits;
  const part = (limit: number) => Math.max(1, Math.floor(limit / scale));
  return {
    ...limits,
    name: Math.max(16, part(name)),
    names: part(names),
    text: part(text),
    lines: part(lines),
    resources: part(resources),
    labels: part(labels),
    values: part(values),
    reviewers: part(reviewers),
  };
}

/** The files that an email is made of. */
export function templateFiles(data: MailData, { html }: MailLook): readonly TemplateFile[] {
  const base = templateBase(data);
  return [subjectOf(data), `${base}.txt`, ...(html ? [`${base}.html` as const] : [])];
}

/** All emails about a request have one subject. */
function subjectOf({ kind }: MailData): TemplateFile {
  return kind === "access-list-review" ? "access-list-review-subject.txt" : "subject.txt";
}

/** Names of template files without their ending; some kinds have one audience, or one text for both. */
type TemplateBase =
  | Exclude<TemplateKind, "access-ending">
  | `requester-${Exclude<TemplateKind, "review" | "reminder" | "access-list-review">}`;

function templateBase({ audience, kind }: MailData): TemplateBase {
  if (kind === "review" || kind === "reminder" || kind === "access-list-review") return kind;
  if (kind === "access-ending") return "requester-access-ending";
  return audience === "requester" ? `requester-${kind}` : kind;
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
