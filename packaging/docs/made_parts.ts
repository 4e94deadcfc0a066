/** `deno task docs`: the parts of the documentation that are made of the code. */

import { variablesTable } from "../../src/mail/content/data_model.ts";
import { sampleMails } from "../pictures/samples.ts";
import { checkExample, checkTexts } from "./check_example.ts";

const DOCS = new URL("../../docs/", import.meta.url);

/** docs/templates.md with the variables that the code has. */
export async function currentTemplatesPage(): Promise<string> {
  return await pageWith("templates.md", "variables", variablesTable());
}

/** docs/emails.md with a picture of every kind of email. */
export async function currentEmailsPage(): Promise<string> {
  const sections = (await sampleMails()).map(([kind, { text }]) => {
    const [first = ""] = text.split("\n");
    return `### \`${kind}\`\n\n![${first.replace(/[:.]$/, "")}](images/emails/${kind}.webp)\n`;
  });
  return await pageWith("emails.md", "kinds", sections.join("\n"));
}

/** A page with its made part replaced. */
async function pageWith(name: string, part: string, content: string): Promise<string> {
  const [begin, end] = [`<!-- ${part} -->`, `<!-- end of ${part} -->`];
  const text = await Deno.readTextFile(new URL(name, DOCS));
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`docs/${name} must have the lines '${begin}' and '${end}'`);
  }
  return `${before}${begin}\n\n${content}\n${end}${after}`;
}

async function writeCheckExample(): Promise<void> {
  const { long, short } = checkTexts(await checkExample());
  for (const [name, text] of [["commands.md", long], ["../README.md", short]] as const) {
    const page = await pageWith(name, "check", `\`\`\`text\n${text}\`\`\`\n`);
    await Deno.writeTextFile(new URL(name, DOCS), page);
  }
}

if (import.meta.main) {
  await Deno.writeTextFile(new URL("templates.md", DOCS), await currentTemplatesPage());
  await Deno.writeTextFile(new URL("emails.md", DOCS), await currentEmailsPage());
  await writeCheckExample();
}
