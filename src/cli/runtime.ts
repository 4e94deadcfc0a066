/** The version this program is built with; see "The pinned runtime" in docs/decisions.md. */
export const PINNED = "2.9.3";
/** The first that aborts when a Teleport server says goodbye (denoland/deno#36788); no end is known. */
const FIRST_BAD = [2, 9, 4] as const;

/** A warning for a Deno that can abort in the middle of its work; undefined for others. */
export function checkRuntime(version: string): string | undefined {
  const numbers = version.split(/[.+-]/).slice(0, 3).map(Number);
  for (const [index, bad] of FIRST_BAD.entries()) {
    const number = numbers[index] ?? 0;
    if (number < bad) return undefined;
    if (number > bad) break;
  }
  return `Deno ${version} can abort when a Teleport server restarts (denoland/deno#36788): ` +
    `run this program with Deno ${PINNED}`;
}
