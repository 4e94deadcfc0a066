/** 64-bit integers as Go's `strconv.ParseInt` reads them. */

const MAX = 2n ** 63n - 1n;
/** Go stops at the first digit beyond 64 bits, whatever follows. */
const MAX_UNSIGNED = 2n ** 64n - 1n;

/** Why a text is not a 64-bit integer. */
export type IntegerFault = "invalid syntax" | "value out of range";

/** Reads a decimal integer. */
export function parseInteger(text: string): bigint | IntegerFault {
  const [, sign, digits = "", rest] = /^([+-]?)([0-9]*)([^]*)$/.exec(text)!;
  if (digits !== "" && BigInt(digits) > MAX_UNSIGNED) return "value out of range";
  if (digits === "" || rest !== "") return "invalid syntax";
  const number = sign === "-" ? -BigInt(digits) : BigInt(digits);
  return number > MAX || number < -MAX - 1n ? "value out of range" : number;
}
