/**
 * Words a failed file operation as the original (Go) does: `open <path>: no such file or directory`.
 * Deno's messages carry the system's own text in front of `(os error <n>)`.
 */
export function fileError(operation: "open" | "read", path: string, error: unknown): string {
  return `${operation} ${path}: ${fileFault(error)}`;
}

/** The cause alone, `no such file or directory`. */
export function fileFault(error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) {
    return "permission denied (by Deno: --allow-read or --allow-write)";
  }
  const message = error instanceof Error ? error.message : String(error);
  const system = /^(.*?) \(os error \d+\)/.exec(message)?.[1];
  return system === undefined ? message : lowerFirst(system);
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
