import tls from "node:tls";

/**
 * The machine's own authorities, PEM each: Deno trusts its built-in list only, and the machine's is what
 * an operator expects. Undefined, which means the built-in list, without a store or the permission
 * (`--allow-sys=ca`).
 */
export function systemRoots(): string[] | undefined {
  try {
    const roots = tls.getCACertificates("system");
    return roots.length > 0 ? roots : undefined;
  } catch {
    return undefined;
  }
}
