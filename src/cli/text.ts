/** How commands lay out text. */

/** `1 email`, `2 emails` */
export function pluralize(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

/** Lines of at most `column` characters, broken at spaces; longer words stay whole. */
export function wrap(text: string, column: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= column) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else lines.push(word);
  }
  return lines;
}
