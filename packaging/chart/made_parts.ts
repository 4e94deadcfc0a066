/**
 * The parts of the chart that are made of other files: the README's table of values.yaml, so that it
 * cannot be out of date, and copies of the alert rules and the dashboard, since a chart holds its files.
 */

import { isMap, isNode, isScalar, parseDocument, type YAMLMap } from "yaml";

const CHART = new URL("./teleport-plugin-email/", import.meta.url);
const MONITORING = new URL("../monitoring/", import.meta.url);
/** A file of the project that the chart has a copy of, since a chart is distributed on its own. */
interface Copy {
  readonly from: URL;
  readonly to: URL;
  /** What is different in the chart. */
  readonly adapt: (text: string) => string;
}

export const COPIES: readonly Copy[] = [
  {
    from: new URL("alerts.yaml", MONITORING),
    to: new URL("files/alerts.yaml", CHART),
    adapt: alertsForChart,
  },
  {
    from: new URL("dashboard.json", MONITORING),
    to: new URL("files/dashboard.json", CHART),
    adapt: (text) => text,
  },
  {
    from: new URL("../../LICENSE", import.meta.url),
    to: new URL("LICENSE", CHART),
    adapt: (text) => text,
  },
];
const [BEGIN, END] = ["<!-- values -->", "<!-- end of values -->"];

/** The README with the table that fits the values. */
export async function currentReadme(): Promise<string> {
  const text = await Deno.readTextFile(new URL("README.md", CHART));
  const values = await Deno.readTextFile(new URL("values.yaml", CHART));
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`README.md of the chart must have the lines '${BEGIN}' and '${END}'`);
  }
  return `${before}${BEGIN}\n\n${valuesTable(values)}\n${END}${after}`;
}

/** A table for each section, which a comment `-- Title` above a key begins. */
export function valuesTable(text: string): string {
  const { commentBefore, contents } = parseDocument(text);
  if (!isMap(contents)) throw new Error("values.yaml must be a map");
  let table = "";
  for (const [index, entry] of entriesOf(contents).entries()) {
    const comment = `${index === 0 ? commentBefore ?? "" : ""}\n${entry.comment}`;
    const title = /^ *-- (.*)$/m.exec(comment)?.[1];
    if (title !== undefined) {
      table += `${table === "" ? "" : "\n"}### ${title}\n\n`;
      table += "| value | default | meaning |\n| --- | --- | --- |\n";
    }
    for (const cells of rowsOf(entry, "")) table += `| ${cells.join(" | ")} |\n`;
  }
  return table;
}

interface Entry {
  readonly name: string;
  readonly comment: string;
  readonly value: unknown;
}

/** The parser takes what stands above the first key for a comment of the whole map. */
function entriesOf(map: YAMLMap): readonly Entry[] {
  return map.items.map(({ key, value }, index) => ({
    name: isScalar(key) ? String(key.value) : "",
    comment: (index === 0 ? map.commentBefore : undefined) ??
      (isScalar(key) ? key.commentBefore ?? "" : ""),
    value,
  }));
}

function rowsOf({ name, comment, value }: Entry, prefix: string): readonly (readonly string[])[] {
  const path = `${prefix}${name}`;
  const about = comment.split("\n").filter((line) => !/^ *-- /.test(line))
    .map((line) => line.trim()).filter((line) => line !== "").join(" ");
  // A map with comments in it is a group of values; one without is one value.
  if (isMap(value) && isGroup(value)) {
    const own = about === "" ? [] : [[`\`${path}.*\``, "", escape(about)]];
    return [...own, ...entriesOf(value).flatMap((inner) => rowsOf(inner, `${path}.`))];
  }
  const shown = isNode(value) ? JSON.stringify(value.toJSON()) : "null";
  return [[`\`${path}\``, shown === "null" ? "" : `\`${escape(shown)}\``, escape(about)]];
}

function isGroup(map: YAMLMap): boolean {
  return entriesOf(map).some(({ comment, value }) =>
    comment !== "" || (isMap(value) && isGroup(value))
  );
}

function escape(text: string): string {
  return text.replaceAll("|", "\\|");
}

/**
 * Alert rules with a token in the place of label matchers, which the chart replaces by those of the
 * installation, and without the links to the runbook, which it knows itself.
 */
function alertsForChart(rules: string): string {
  return rules.replace(/^ *(#.*|runbook_url: .*)\n/gm, "")
    .replace(/\b(teleport_email_\w+)(\{[^}]*\})?/g, "$1{@SELECTOR@}");
}

if (import.meta.main) {
  for (const { from, to, adapt } of COPIES) {
    await Deno.writeTextFile(to, adapt(await Deno.readTextFile(from)));
  }
  await Deno.writeTextFile(new URL("README.md", CHART), await currentReadme());
}
