/** A text of at most so many characters and lines; what is cut off is counted at its end. */
export function truncate(text: string, maxCharacters: number, maxLines = Infinity): string {
  if (text.length <= maxCharacters && maxLines === Infinity) return text;
  const end = endOf(text, maxCharacters, maxLines);
  if (end === text.length) return text;
  const more = characterCount(text.slice(end));
  return `${text.slice(0, end)}… (${more} more character${more === 1 ? "" : "s"})`;
}

/** Where the part that is kept ends. */
function endOf(text: string, maxCharacters: number, maxLines: number): number {
  let characters = 0;
  let lines = 1;
  let index = 0;
  for (const character of text) {
    if (character === "\n") lines++;
    if (characters === maxCharacters || lines > maxLines) return index;
    characters++;
    index += character.length;
  }
  return index;
}

/** Far faster than a loop: the texts that are cut may be long. */
function characterCount(text: string): number {
  return text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, "x").length;
}
