import tls from "node:tls";

/**
 * The machine's own CAs, PEM each: Deno trusts only its built-in list, and operators expect the machine's.
 * Undefined, which selects the built-in list, without a store or without permission (`--allow-sys=ca`).
 */
export function systemRoots(): string[] | undefined {
  try {
    const roots = tls.getCACertificates("system");
    return roots.length > 0 ? roots : undefined;
  } catch {
    return undefined;
  }
}
