/**
 * The `@cert-authority` lines of an identity: which CA signs for which hosts (sshd(8),
 * teleport-protocol.md §3.1).
 */

import { Buffer } from "node:buffer";

/** A CA for SSH hosts. */
export interface SshCa {
  /** Host patterns with `*` and `?`; a leading `!` excludes. */
  readonly patterns: readonly string[];
  /** The public key in SSH wire format. */
  readonly key: Buffer;
}

/** Parses lines `@cert-authority <patterns> <type> <base64> [comment]`; skips all other lines. */
export function parseCas(lines: readonly string[]): SshCa[] {
  return lines.flatMap((line) => {
    const [marker, patterns, type, base64] = line.trim().split(/\s+/);
    if (marker !== "@cert-authority" || !patterns || !type || !base64) return [];
    return [{ patterns: patterns.split(","), key: Buffer.from(base64, "base64") }];
  });
}

/**
 * The CAs that may sign a host's certificate: those whose patterns match the host, or all of them when
 * none matches. Teleport's own client ignores the patterns, and older identities have only
 * `*.<cluster>`, which the proxy's address need not match; where a pattern does match, the CA of a
 * trusted cluster must not be accepted for the host.
 */
export function casFor(host: string, cas: readonly SshCa[]): readonly SshCa[] {
  const matching = cas.filter(({ patterns }) => matchesHost(patterns, host));
  return matching.length > 0 ? matching : cas;
}

function matchesHost(patterns: readonly string[], host: string): boolean {
  const name = host.toLowerCase();
  const matches = (pattern: string) => matchesPattern(pattern.toLowerCase(), name);
  return patterns.some((pattern) => !pattern.startsWith("!") && matches(pattern)) &&
    !patterns.some((pattern) => pattern.startsWith("!") && matches(pattern.slice(1)));
}

/** A glob match in bounded time; a regular expression could backtrack exponentially on `***…`. */
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
