/**
 * Citations of the project's pages in its sources: `original.md §5.7`, `original.md D13`,
 * `decisions/runtime.md, "The pinned runtime"`, or the page alone. A page is named by its path or by
 * the end of it.
 */

/** Headings and numbered defects that a citation can name. */
export interface Page {
  /** Relative to the project, such as `docs/internals/original.md`. */
  readonly path: string;
  readonly text: string;
}

/** Continued lines of a comment, without what stands before the text. */
const CONTINUATION = /\n[ \t]*(?:\*(?!\/)|\/\/+|#+)?[ \t]*/g;
const CITATION =
  /(?<![\w/.-])((?:\w[\w.-]*\/)*[a-zA-Z][\w-]*\.md)\b(?!#)(?:,? "([^"\n]+)"|((?:(?:,| and| to)? (?:§[\d.]*\d|D\d+)\b)+))?/g;

/** What is wrong with the citations in `source`, one text each. */
export function deadCitations(source: string, pages: readonly Page[]): readonly string[] {
  const dead: string[] = [];
  for (
    const [, name = "", heading, marks] of source.replace(CONTINUATION, " ").matchAll(CITATION)
  ) {
    const found = pages.filter(({ path }) => path === name || path.endsWith(`/${name}`));
    const [page] = found.filter(({ path }) => path === name).concat(found);
    if (page === undefined) dead.push(`no page '${name}'`);
    else if (found.length > 1 && page.path !== name) dead.push(`several pages '${name}'`);
    else if (heading !== undefined && !headingsOf(page).includes(heading)) {
      dead.push(`no heading '${heading}' in '${name}'`);
    }
    for (const [mark] of page === undefined ? [] : marks?.matchAll(/§[\d.]*\d|D\d+/g) ?? []) {
      if (!hasMark(page, mark)) dead.push(`no '${mark}' in '${name}'`);
    }
  }
  return dead;
}

function headingsOf({ text }: Page): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading.replaceAll("`", ""));
}

/** A section is a heading with its number, a defect a row of a table. */
function hasMark(page: Page | undefined, mark: string): boolean {
  if (page === undefined) return false;
  if (!mark.startsWith("§")) return new RegExp(`^\\| ${mark} +\\|`, "m").test(page.text);
  const number = mark.slice(1);
  return headingsOf(page).some((heading) => /^[\d.]*\d/.exec(heading)?.[0] === number);
}
