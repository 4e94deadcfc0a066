/**
 * The `@cert-authority` lines of an identity: who vouches for which hosts (sshd(8),
 * teleport-protocol.md §3.1).
 */

import { Buffer } from "node:buffer";

export interface SshCa {
  /** Host patterns with `*` and `?`; a `!` in front excludes. */
  readonly patterns: readonly string[];
  /** The public key, as it travels. */
  readonly key: Buffer;
}

/** Reads `@cert-authority <patterns> <type> <base64> [comment]`; lines that are not so are left out. */
export function parseCas(lines: readonly string[]): SshCa[] {
  return lines.flatMap((line) => {
    const [marker, patterns, type, base64] = line.trim().split(/\s+/);
    if (marker !== "@cert-authority" || !patterns || !type || !base64) return [];
    return [{ patterns: patterns.split(","), key: Buffer.from(base64, "base64") }];
  });
}

/**
 * The authorities that may vouch for a host: those whose patterns name it, or all of them when none
 * does. Teleport's own client ignores the patterns, and older identities name only `*.<cluster>`, which
 * the proxy's address need not match; where they do name the host, a trusted cluster's authority must
 * not vouch for it.
 */
export function casFor(
  host: string,
  authorities: readonly SshCa[],
): readonly SshCa[] {
  const naming = authorities.filter(({ patterns }) => matchesHost(patterns, host));
  return naming.length > 0 ? naming : authorities;
}

function matchesHost(patterns: readonly string[], host: string): boolean {
  const name = host.toLowerCase();
  const matches = (pattern: string) => matchesPattern(pattern.toLowerCase(), name);
  return patterns.some((pattern) => !pattern.startsWith("!") && matches(pattern)) &&
    !patterns.some((pattern) => pattern.startsWith("!") && matches(pattern.slice(1)));
}

/** Not by a regular expression: a row of stars would take forever. */
function matchesPattern(pattern: string, text: string): boolean {
  let [p, t, star, resume] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === "*") [star, resume] = [p++, t];
    else if (pattern[p] === "?" || pattern[p] === text[t]) [p, t] = [p + 1, t + 1];
    else if (star >= 0) [p, t] = [star + 1, ++resume];
    else return false;
  }
  return /^\**$/.test(pattern.slice(p));
}
