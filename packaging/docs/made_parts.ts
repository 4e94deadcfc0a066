/** `deno task docs`: the parts of the documentation that are made of the code. */

import { variablesTable } from "../../src/mail/content/data_model.ts";

const TEMPLATES = new URL("../../docs/templates.md", import.meta.url);
const [BEGIN, END] = ["<!-- variables -->", "<!-- end of variables -->"];

/** docs/templates.md with the variables that the code has. */
export async function currentTemplatesPage(): Promise<string> {
  const text = await Deno.readTextFile(TEMPLATES);
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`docs/templates.md must have the lines '${BEGIN}' and '${END}'`);
  }
  return `${before}${BEGIN}\n\n${variablesTable()}\n${END}${after}`;
}

if (import.meta.main) await Deno.writeTextFile(TEMPLATES, await currentTemplatesPage());
