/** The templates: whether they can be used, and what samples made with them lack. */

import type { DeliveryConfig } from "../../config/config.ts";
import { composeMail } from "../../mail/content/compose.ts";
import { DEFAULT_LOOK } from "../../mail/content/scope.ts";
import { loadTemplates } from "../../mail/content/templates.ts";
import { SAMPLE_KINDS } from "../sample_kinds.ts";
import { sampleOf } from "../samples.ts";
import { FILE_REMEDY } from "./files.ts";
import type { Finding } from "./finding.ts";

const REMEDY = "correct the template, then look at it with 'teleport-email preview'";

/** Loads the templates and renders every sample. `delivery` is undefined if it has an error. */
export async function* checkTemplates(
  directory: string | undefined,
  delivery: DeliveryConfig | undefined,
): AsyncGenerator<Finding> {
  const check = "templates";
  const result = await loadTemplates(directory);
  for (const text of result.warnings) yield { check, level: "warning", text };
  if (!result.ok) {
    for (const text of result.errors) {
      const remedy = !text.startsWith("Cannot read")
        ? REMEDY
        : text.endsWith("it is not UTF-8")
        ? "save the file as UTF-8"
        : FILE_REMEDY;
      yield { check, level: "problem", text, remedy };
    }
    return;
  }
  const { templates } = result;
  const look = delivery ?? DEFAULT_LOOK;
  const remarks = SAMPLE_KINDS.flatMap((kind) =>
    composeMail(sampleOf(kind), templates, look).warnings
  );
  for (const text of new Set(remarks)) yield { check, level: "warning", text, remedy: REMEDY };
  const own = Object.keys(templates.overrides);
  yield { check, level: "ok", text: own.length === 0 ? "built in" : `own: ${own.join(", ")}` };
}
