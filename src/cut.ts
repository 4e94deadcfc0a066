/** A text of at most so many characters and lines; what is cut off is counted at its end. */
export function truncate(text: string, maxCharacters: number, maxLines = Infinity): string {
  if (text.length <= maxCharacters && maxLines === Infinity) return text;
  let characters = 0;
  let lines = 1;
  let index = 0;
  let kept: { readonly end: number; readonly characters: number } | undefined;
  for (const character of text) {
    if (character === "\n") lines++;
    if (characters === maxCharacters || lines > maxLines) {
      kept ??= { end: index, characters };
    }
    characters++;
    index += character.length;
  }
  if (kept === undefined) return text;
  const more = characters - kept.characters;
  return `${text.slice(0, kept.end)}… (${more} more character${more === 1 ? "" : "s"})`;
}
