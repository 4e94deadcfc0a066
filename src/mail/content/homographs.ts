/**
 * Letters that stand in a name to look like others. A name in one script is left alone, whichever it
 * is; what gives a forgery away is that it mixes scripts that share their looks (UTS 39 §5.1).
 */

/** Scripts with letters that look like Latin ones. */
const SIMILAR =
  /[\p{sc=Cyrillic}\p{sc=Greek}\p{sc=Armenian}\p{sc=Cherokee}\p{sc=Coptic}\p{sc=Lisu}]/gu;

/** Words wholly of letters that a reader takes for Latin ones: `сосо` in `сосо@example.com`. */
const LOOKS_LATIN = /^[асеорхуіјѕԁһӏѵԛԝАВСЕНІЈКМОРЅТХУҮονυρκιαγωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ\p{M}]+$/u;

/** Mathematical letters, which no name needs: `𝖺𝗅𝗂𝖼𝖾`. */
const MATHEMATICAL = /[\u{1d400}-\u{1d7ff}]/gu;

const WORD = /[\p{L}\p{M}]+/gu;

const LATIN = /\p{sc=Latin}/u;

/** Replaces every letter of a name that imitates another one by what `escape` makes of it. */
export function escapeHomographs(name: string, escape: (letter: string) => string): string {
  const hasLatin = LATIN.test(name);
  return name
    .replace(WORD, (word) => {
      const isForged = hasLatin && (LATIN.test(word) || LOOKS_LATIN.test(word));
      return isForged ? word.replace(SIMILAR, escape) : word;
    })
    .replace(MATHEMATICAL, escape);
}
