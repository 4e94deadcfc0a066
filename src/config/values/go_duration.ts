/** Durations as Go writes them (`time.ParseDuration`, `Duration.String`), in nanoseconds. */

/** A duration, or the error text of Go. */
export type DurationResult =
  | { readonly ok: true; readonly ns: bigint }
  | { readonly ok: false; readonly error: string };

const NS_PER_UNIT: ReadonlyMap<string, bigint> = new Map([
  ["ns", 1n],
  ["us", 1_000n],
  ["\u00b5s", 1_000n], // micro sign
  ["\u03bcs", 1_000n], // Greek letter mu
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
]);

// Go keeps a duration in an int64.
const MAX_NS = 2n ** 63n - 1n;

/** Parses `1h30m`, `-1.5s`, `100µs`, `0`; the error texts are Go's. */
export function parseGoDuration(text: string): DurationResult {
  const [, sign, body] = /^([-+]?)(.*)$/s.exec(text) ?? [];
  if (body === undefined || body === "") return invalid(text);
  if (body === "0") return { ok: true, ns: 0n };
  let rest = body;
  let ns = 0n;
  while (rest !== "") {
    const [part, whole = "", fraction = "", unit = ""] =
      /^([0-9]*)(?:\.([0-9]*))?([^.0-9]*)/.exec(rest) ?? [];
    if (part === undefined || whole + fraction === "") return invalid(text);
    if (unit === "") return { ok: false, error: `time: missing unit in duration ${quote(text)}` };
    const scale = NS_PER_UNIT.get(unit);
    if (scale === undefined) {
      return {
        ok: false,
        error: `time: unknown unit ${quote(unit)} in duration ${quote(text)}`,
      };
    }
    // A fraction of a nanosecond is cut off, as in Go.
    ns += BigInt(whole || "0") * scale +
      BigInt(fraction || "0") * scale / 10n ** BigInt(fraction.length);
    if (ns > MAX_NS) return invalid(text);
    rest = rest.slice(part.length);
  }
  return { ok: true, ns: sign === "-" ? -ns : ns };
}

/** Writes nanoseconds as Go does: `1h30m0s`, `1.5s`, `250ms`, `0s`. */
export function formatGoDuration(ns: bigint): string {
  if (ns === 0n) return "0s";
  if (ns < 0n) return `-${formatGoDuration(-ns)}`;
  if (ns < 1_000n) return `${ns}ns`;
  if (ns < 1_000_000n) return `${decimal(ns, 3)}µs`;
  if (ns < 1_000_000_000n) return `${decimal(ns, 6)}ms`;
  const minutes = ns / 60_000_000_000n;
  const seconds = `${decimal(ns % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return seconds;
  if (minutes < 60n) return `${minutes}m${seconds}`;
  return `${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/** `value / 10^digits` without trailing zeros. */
function decimal(value: bigint, digits: number): string {
  const scale = 10n ** BigInt(digits);
  const fraction = String(value % scale).padStart(digits, "0").replace(/0+$/, "");
  return fraction === "" ? String(value / scale) : `${value / scale}.${fraction}`;
}

function invalid(text: string): DurationResult {
  return { ok: false, error: `time: invalid duration ${quote(text)}` };
}

function quote(text: string): string {
  return JSON.stringify(text);
}
