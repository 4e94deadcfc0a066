/** Rows on standard output. */

const WIDTHS = [45, 7, 10, 6, 20, 9];

export function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** One row; the last cell is as wide as it likes. */
export function row(cells: readonly (string | number)[]): void {
  print(cells.map((cell, i) => String(cell).padEnd(WIDTHS[i] ?? 0)).join(""));
}
