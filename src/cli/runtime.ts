/** The version this program is built with (docs/internals/decisions/runtime.md, "The pinned runtime"). */
export const PINNED = "2.9.3";
/** The first whose `node:http2` grpc-js works with (denoland/deno#28566). */
const FIRST_GOOD = [2, 7, 14] as const;
/** The first that reads the machine's CAs, and needs no permission to notify systemd. */
const FIRST_WHOLE = [2, 8, 0] as const;
/** The first that aborts when a Teleport server says goodbye (denoland/deno#36788); no end is known. */
const FIRST_BAD = [2, 9, 4] as const;

/** A warning for a Deno that cannot connect, lacks a part, or can abort at work; undefined for others. */
export function checkRuntime(version: string): string | undefined {
  const remedy = `run this program with Deno ${PINNED}`;
  if (isBefore(version, FIRST_GOOD)) {
    return `Deno ${version} cannot talk to Teleport servers (denoland/deno#28566): ${remedy}`;
  }
  if (isBefore(version, FIRST_WHOLE)) {
    return `Deno ${version} does not trust this machine's CAs and cannot notify systemd: ${remedy}`;
  }
  return isBefore(version, FIRST_BAD)
    ? undefined
    : `Deno ${version} can abort when a Teleport server restarts (denoland/deno#36788): ${remedy}`;
}

function isBefore(version: string, other: readonly [number, number, number]): boolean {
  const numbers = version.split(/[.+-]/).map(Number);
  const index = other.findIndex((number, index) => numbers[index] !== number);
  return index >= 0 && (numbers[index] ?? 0) < (other[index] ?? 0);
}
