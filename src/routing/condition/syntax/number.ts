/** Number literals of Go: the language takes decimal integers only, the others are refused by name. */

/** Throws; the offset is that of the fault. */
export type Fail = (offset: number, message: string) => never;

const NAMES: ReadonlyMap<string, string> = new Map([
  ["", "decimal"],
  ["0", "octal"],
  ["o", "octal"],
  ["x", "hexadecimal"],
  ["b", "binary"],
]);
const BASES: ReadonlyMap<string, number> = new Map([["", 10], ["0", 8], ["o", 8], ["x", 16], [
  "b",
  2,
]]);

/** Reads the number that begins at `start`. */
export function scanNumber(
  source: string,
  start: number,
  fail: Fail,
): { readonly kind: "int" | "float" | "imaginary"; readonly end: number } {
  let first: { readonly offset: number; readonly message: string } | undefined;
  /** Faults are found in another order than they stand in. */
  const report = (offset: number, message: string) => {
    if (first === undefined || offset < first.offset) first = { offset, message };
  };
  let offset = start;
  const at = () => source.charAt(offset);
  const digits = (pattern: RegExp) => {
    const from = offset;
    while (pattern.test(at())) offset++;
    return source.slice(from, offset);
  };
  const marker = source.charAt(start) === "0" ? source.charAt(start + 1).toLowerCase() : "";
  const prefix = source.charAt(start) !== "0" ? "" : /[xob]/.test(marker) ? marker : "0";
  const name = `${NAMES.get(prefix)} literal`;
  const base = BASES.get(prefix)!;
  const digit = base === 16 ? /[0-9a-f_]/i : /[0-9_]/;
  if (prefix !== "" && prefix !== "0") offset += 2;

  let kind: "int" | "float" | "imaginary" = "int";
  const integerStart = offset;
  let mantissa = at() === "." ? "" : digits(digit);
  const invalid = base < 10
    ? [...mantissa].findIndex((d) => /[0-9]/.test(d) && Number(d) >= base)
    : -1;
  if (at() === ".") {
    kind = "float";
    if (prefix === "o" || prefix === "b") report(offset, `invalid radix point in ${name}`);
    offset++;
    mantissa += digits(digit);
  }
  if (!/[0-9a-f]/i.test(mantissa)) report(offset, `${name} has no digits`);
  const exponent = at().toLowerCase();
  if (exponent === "e" || exponent === "p") {
    if (exponent === "e" && prefix !== "" && prefix !== "0") {
      report(offset, `'${at()}' exponent requires decimal mantissa`);
    }
    if (exponent === "p" && prefix !== "x") {
      report(offset, `'${at()}' exponent requires hexadecimal mantissa`);
    }
    kind = "float";
    offset++;
    if (at() === "+" || at() === "-") offset++;
    if (!/[0-9]/.test(digits(/[0-9_]/))) report(offset, "exponent has no digits");
  } else if (prefix === "x" && kind === "float") {
    report(offset, "hexadecimal mantissa requires a 'p' exponent");
  }
  if (at() === "i") {
    kind = "imaginary";
    offset++;
  }
  if (kind === "int" && invalid >= 0) {
    const where = integerStart + invalid;
    report(where, `invalid digit '${source.charAt(where)}' in ${name}`);
  }
  const separator = misplacedSeparator(source.slice(start, offset));
  if (separator >= 0) report(start + separator, "'_' must separate successive digits");
  if (first !== undefined) fail(first.offset, first.message);
  return { kind, end: offset };
}

/** The index of the first `_` that is not between digits, where a prefix counts as one; or -1. */
function misplacedSeparator(number: string): number {
  const isHexadecimal = /^0x/i.test(number);
  const isDigit = (character: string) => (isHexadecimal ? /[0-9a-f]/i : /[0-9]/).test(character);
  for (let i = number.indexOf("_"); i >= 0; i = number.indexOf("_", i + 1)) {
    const followsPrefix = i === 2 && /^0[xob]/i.test(number);
    const next = number.charAt(i + 1);
    if (!followsPrefix && !isDigit(number.charAt(i - 1))) return i;
    // The next round reports one of two in a row.
    if (next !== "_" && !isDigit(next)) return i;
  }
  return -1;
}
