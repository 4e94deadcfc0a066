/** The parts of Markdown pages that can be checked; as much of the syntax as our pages use. */

const FENCE = /^ *```/;

/** Lines in code blocks, with continued ones joined, and code in running text. */
function* codeIn(text: string): Generator<string> {
  let isCode = false;
  let begun = "";
  let prose = "";
  for (const line of text.split("\n")) {
    if (FENCE.test(line)) {
      isCode = !isCode;
      prose += "\n\n";
    } else if (!isCode && !/^ {4}/.test(line)) prose += `${line}\n`;
    else if (line.endsWith("\\")) begun += `${line.slice(0, -1)} `;
    else {
      yield begun + line;
      begun = "";
    }
  }
  for (const [, code = ""] of prose.matchAll(/`([^`]+)`/g)) yield code.replaceAll("\n", " ");
}

/**
 * The words of command lines that call `program` or `deno task`, without what stands in front of them
 * (`sudo`, `npx -y deno@...`), up to the end of the command.
 */
export function* commandsIn(text: string, program: string): Generator<readonly string[]> {
  const call = new RegExp(`^(?:${program}|deno(?:@[\\d.]+)? task)(?: |$)`);
  for (const code of codeIn(text)) {
    for (const part of code.split(/[|;&()<>]|\s#/)) {
      const bare = part.trim().replace(/^\$ /, "").replace(/^(?:sudo|exec|npx -y) /, "");
      if (call.test(bare)) yield bare.replace(/^deno@[\d.]+/, "deno").split(/\s+/);
    }
  }
}

/** The code blocks of a language. */
export function* blocksIn(text: string, language: string): Generator<string> {
  const pattern = new RegExp(`^\\s*\`\`\`${language}\\n(.*?)^\\s*\`\`\`$`, "gms");
  for (const [, block = ""] of text.matchAll(pattern)) yield block;
}

/** The cells of every row below the head of a table. */
export function rowsIn(text: string): readonly (readonly string[])[] {
  const tables = text.matchAll(/^\|.*\|\n\|[ |:-]+\|\n((?:\|.*\|\n?)*)/gm);
  return [...tables].flatMap(([, rows = ""]) => rows.trimEnd().split("\n"))
    .map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
}

/** Targets of links that do not lead elsewhere. */
export function* linksIn(text: string): Generator<string> {
  for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (!/^[a-z]+:/.test(target)) yield target;
  }
}

/** What links can name in a page: its headings as GitHub spells them. */
export function anchorsIn(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  let isCode = false;
  for (const line of text.split("\n")) {
    if (FENCE.test(line)) isCode = !isCode;
    const heading = isCode ? undefined : /^#+ (.*)$/.exec(line)?.[1];
    if (heading === undefined) continue;
    anchors.add(heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-"));
  }
  return anchors;
}
