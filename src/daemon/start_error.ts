/** Errors of the configuration that show only when the daemon uses it. */
export class StartError extends Error {
  override readonly name = "StartError";

  /** With `mayHeal`, the cause lies outside the configuration, and a restart may find it gone. */
  constructor(readonly errors: readonly string[], readonly mayHeal = false) {
    super(errors.join("; "));
  }
}
