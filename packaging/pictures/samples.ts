/** The sample emails, as `preview` composes them. */

import { SAMPLE_KINDS } from "../../src/cli/sample_kinds.ts";
import { sampleOf } from "../../src/cli/samples.ts";
import { composeMail, type MailContent } from "../../src/mail/content/compose.ts";
import { loadTemplates } from "../../src/mail/content/templates.ts";

/** The email of every kind, with its kind, by the built-in templates. */
export async function sampleMails(): Promise<readonly (readonly [string, MailContent])[]> {
  const loaded = await loadTemplates(undefined);
  if (!loaded.ok) throw new Error("The built-in templates do not load");
  return SAMPLE_KINDS.map((kind) =>
    [kind, composeMail(sampleOf(kind), loaded.templates, { html: true })] as const
  );
}
