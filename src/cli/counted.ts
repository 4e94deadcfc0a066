/** `1 mail`, `2 mails` */
export function pluralize(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
